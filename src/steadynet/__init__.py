"""Train deep networks steadily: batch normalization, gradient clipping and reused layers."""

import os

# TensorFlow reads this once, as it is imported, and a notebook shows what it prints as an error.
# 3, because on a machine without a GPU the failed search for one is logged as an error (level 2).
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"
