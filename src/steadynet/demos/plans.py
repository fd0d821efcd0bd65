"""What each demo trains in a page."""

from steadynet.demos.batch_norm_depth import page as batch_norm
from steadynet.demos.clip_threshold import page as clip
from steadynet.demos.frozen_layers import page as freeze

PLANS = {"batch-norm": batch_norm.plan, "clip": clip.plan, "freeze": freeze.plan}
