"""What each explorer trains in a page."""

from steadynet.portable.plans import batch_norm, clip, freeze

PLANS = {"batch-norm": batch_norm.plan, "clip": clip.plan, "freeze": freeze.plan}
