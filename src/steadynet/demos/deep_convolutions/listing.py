"""The code that would train what the convolutions explorer shows."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from steadynet import figures
from steadynet.demos.deep_convolutions.runs import BEST, run_at
from steadynet.experiments.deep_convolutions.grid import BATCH_SIZE, CLIPPED, THRESHOLD
from steadynet.explorer.control import Control
from steadynet.explorer.table import Table
from steadynet.recording import Recording

CODE = """\
import keras
from steadynet import networks, training
from steadynet.tasks.convolutions import pictures

parts = pictures()
model = networks.convolution_network((28, 28, 1), 10, depth={depth}, kind={network}, seed=0)
trainer = training.Trainer(model, keras.optimizers.SGD(){clip})
record = trainer.run(
    *parts["train"],
    steps={budget},
    batch_size={batch_size},
    learning_rate={rate}{threshold},
    seed=0,
)
model.compile(
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
print(model.evaluate(*parts["test"], return_dict=True))
"""


def parts(recorded: Recording, controls: Sequence[Control]) -> dict[str, Table]:
    """Fill `CODE`: the words for every setting.

    Parameters
    ----------
    recorded : Recording
        Of ``deep_convolutions``.
    controls : sequence of Control
        What is added comes first.

    Returns
    -------
    dict of str to Table

    Examples
    --------
    >>> import numpy as np
    >>> kind = Control("kind", "Added", ("batch norm", "clipped"))
    >>> axes = {"kind": kind.values, "learning_rate": (0.1,), "seed": (0,)}
    >>> shares = {name: np.ones((2, 1, 1)) for name in ("validation_accuracy", "test_accuracy")}
    >>> rate = Control("learning_rate", "Learning rate", (BEST, 0.1))
    >>> filled = parts(Recording("demo", axes, shares, {}), [kind, rate])
    >>> filled["network"].entries, filled["rate"].entries
    (('"batch norm"', '"none"'), ('0.1', '0.1', '0.1', '0.1'))
    """
    kind, limit = controls[:1], f",\n    threshold={THRESHOLD}"
    return {
        "network": Table.of(kind, lambda kind: f'"{CLIPPED.get(kind, kind)}"'),
        "clip": Table.of(kind, lambda kind: ', clip="global_norm"' * (kind in CLIPPED)),
        "threshold": Table.of(kind, lambda kind: limit * (kind in CLIPPED)),
        "batch_size": Table((), (f"{BATCH_SIZE}",)),
        "rate": Table.of(controls, functools.partial(_rate, recorded)),
    }


def _rate(recorded, **at):
    """The learning rate as one types it."""
    rate, _ = run_at(recorded, **at)
    if rate is not None:
        return figures.say(rate)
    return "0.1" if at["learning_rate"] == BEST else figures.say(at["learning_rate"])
