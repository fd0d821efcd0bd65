"""The cliff explorer."""
