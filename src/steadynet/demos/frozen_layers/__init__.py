"""The freeze explorer."""
