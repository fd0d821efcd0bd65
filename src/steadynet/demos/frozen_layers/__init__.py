"""The freeze explorer."""

NAME = "freeze"  # as addresses on the site have it
