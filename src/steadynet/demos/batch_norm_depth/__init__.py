"""The batch-norm explorer."""
