"""What each explorer trains in a page: plans, and the programs and data built from them."""

from steadynet.explorers.programs import batch_norm, clip, freeze

PLANS = {"batch-norm": batch_norm.plan, "clip": clip.plan, "freeze": freeze.plan}
