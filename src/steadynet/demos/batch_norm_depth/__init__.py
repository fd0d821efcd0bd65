"""The batch-norm explorer."""

NAME = "batch-norm"  # as addresses on the site have it
