"""The clip explorer."""
