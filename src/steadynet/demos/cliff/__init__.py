"""The cliff explorer."""

NAME = "cliff"  # as addresses on the site have it
