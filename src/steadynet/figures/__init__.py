"""Every static figure of the book: data in, matplotlib Axes out.

Each ``plot_*`` function draws on `ax`, or on the Axes of a new figure where none are given, and
returns what it drew on. None trains, and none calls ``plt.show()``.
"""

from steadynet.figures.batch_norm import (
    plot_accuracy_by_depth,
    plot_accuracy_by_rate,
    plot_batch_sizes,
    plot_input_quantiles,
    plot_loss_along,
    plot_moving_lag,
    plot_noisy,
    plot_placements,
)
from steadynet.figures.checkpoints import formats_table, plot_differences, plot_name_map
from steadynet.figures.clipping import (
    plot_adaptive_clipping,
    plot_angles,
    plot_best_thresholds,
    plot_clip_geometry,
    plot_learning_curves,
    plot_product,
    plot_rules,
    plot_sequence_length,
    plot_steps_by_threshold,
)
from steadynet.figures.convolutions import (
    plot_accuracy_by_kind,
    plot_accuracy_over_batch_sizes,
    plot_accuracy_over_steps,
)
from steadynet.figures.exploding import plot_backward_norms, plot_cliff
from steadynet.figures.reuse import (
    plot_accuracy_by_frozen,
    plot_accuracy_by_labels,
    plot_cached_features,
    plot_picture_size,
    plot_reuse_idea,
    plot_transfer_curves,
    plot_transferability,
)
from steadynet.figures.rounding import plot_rounding
from steadynet.figures.style import as_svg, say, use_style

__all__ = [
    "as_svg",
    "formats_table",
    "plot_accuracy_by_depth",
    "plot_accuracy_by_frozen",
    "plot_accuracy_by_kind",
    "plot_accuracy_by_labels",
    "plot_accuracy_by_rate",
    "plot_accuracy_over_batch_sizes",
    "plot_accuracy_over_steps",
    "plot_adaptive_clipping",
    "plot_angles",
    "plot_backward_norms",
    "plot_batch_sizes",
    "plot_best_thresholds",
    "plot_cached_features",
    "plot_cliff",
    "plot_clip_geometry",
    "plot_differences",
    "plot_input_quantiles",
    "plot_learning_curves",
    "plot_loss_along",
    "plot_moving_lag",
    "plot_name_map",
    "plot_noisy",
    "plot_picture_size",
    "plot_placements",
    "plot_product",
    "plot_reuse_idea",
    "plot_rounding",
    "plot_rules",
    "plot_sequence_length",
    "plot_steps_by_threshold",
    "plot_transfer_curves",
    "plot_transferability",
    "say",
    "use_style",
]
