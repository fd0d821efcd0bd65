"""The clip explorer."""

NAME = "clip"  # as addresses on the site have it
