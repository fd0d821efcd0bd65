"""What does it cost to give a reused network pictures of another size, in accuracy and in time?"""

from __future__ import annotations

import functools
import math
import time
from typing import TYPE_CHECKING

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks import transfer

if TYPE_CHECKING:
    from steadynet import training
    from steadynet.recording import Recording

TASK, SOURCE, OWN_SIDE = "footwear", "all but footwear", 28
SIDES = (7, 14, 20, 28, 40, 56)
N_FROZEN, LABELS, STEPS = 3, 300, 160


@functools.cache
def loop(side: int) -> training.Trainer:
    """The reused network for pictures of one size, in its compiled loop."""
    import keras

    from steadynet import reuse, training
    from steadynet.portable import convolution

    head = [keras.layers.Dense(transfer.HIDDEN), convolution.Rectifier(), keras.layers.Dense(3)]
    old = transfer.network(len(transfer.TASKS[SOURCE]), seed=0)
    model = reuse.reuse_layers(old, N_FROZEN, head, input_shape=(side, side, 1))
    reuse.freeze_layers(model, N_FROZEN)
    return training.Trainer(model, keras.optimizers.SGD(transfer.RATE, momentum=transfer.MOMENTUM))


def resized(pictures: np.ndarray, side: int) -> np.ndarray:
    """Pictures of another size, as a camera of fewer or more pixels would give them."""
    import tensorflow as tf

    if side == OWN_SIDE:
        return pictures
    return np.array(tf.image.resize(pictures, (side, side), antialias=True))


def run(point: Point) -> dict[str, np.ndarray]:
    """Train and test on pictures of one size; time the predictions."""
    side, seed = point["side"], point["seed"]
    data, trainer = transfer.labelled(TASK, LABELS, seed), loop(side)
    data = data._replace(x_train=resized(data.x_train, side), x_test=resized(data.x_test, side))
    trainer.model.set_weights(transfer.start(TASK, seed, SOURCE))
    trainer.run(
        *(data.x_train, data.y_train),
        steps=STEPS,
        batch_size=transfer.BATCH_SIZE,
        seed=seed,
        chunk=STEPS,
    )
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        accuracy = transfer.accuracy(trainer.model, data)
        seconds.append(time.perf_counter() - started)
    return {"accuracy": accuracy, "ms": np.float32(1000 * min(seconds) / len(data.y_test))}


def lost(recording: Recording, side: int) -> np.ndarray:
    """Accuracy lost against pictures of the network's own size, by seed."""
    own = recording.get("accuracy", side=OWN_SIDE)
    return own - recording.get("accuracy", side=side)


def larger_costs_little(recording: Recording) -> Finding:
    """Shrinking larger pictures loses next to nothing."""
    loss = lost(recording, 56)
    return Finding(
        "Pictures of twice the size, shrunk inside the network, cost at most 2 points of accuracy.",
        **median_and_range(100 * loss),
        unit="percentage points",
        holds=bool((loss < 0.02).all()),
    )


def resizing_takes_time(recording: Recording) -> Finding:
    """Shrinking on the way in is work too."""
    ratio = recording.get("ms", side=56) / recording.get("ms", side=OWN_SIDE)
    return Finding(
        "Pictures of twice the size take longer to classify, though the network sees as much.",
        **median_and_range(ratio),
        unit="times the time",
        holds=bool((ratio > 1).all()),
    )


def tiny_costs_much(recording: Recording) -> Finding:
    """What small pictures lack no resizing brings back; but footwear can be told with little."""
    loss = lost(recording, 7)
    return Finding(
        "Pictures of a quarter of the size, enlarged inside the network, cost 2 points and more.",
        **median_and_range(100 * loss),
        unit="percentage points",
        holds=bool(np.median(loss) >= 0.02),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    return {
        # Neither size costs more than can be shrugged off.
        **larger_costs_little(recording).said("larger", (-3, 2)),
        **tiny_costs_much(recording).said("tiny", (-3, 2)),
        **resizing_takes_time(recording).said("slower", (1.1, math.inf)),
    }


EXPERIMENT = Experiment(
    name="picture_size",
    question="What does it cost to give a reused network pictures of another size?",
    axes={"side": SIDES, "seed": (0, 1, 2, 3, 4)},
    together=(),
    run=run,
    arrays={
        "accuracy": "share of 900 test pictures of that size classified correctly",
        "ms": "milliseconds a picture to classify them, resizing included, at its fastest",
    },
    findings=(larger_costs_little, resizing_takes_time),
    not_reproduced=(tiny_costs_much,),
    numbers=numbers,
)
