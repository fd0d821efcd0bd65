"""The convolutions explorer."""

NAME = "convolutions"  # as addresses on the site have it
