"""Make the shipped TensorFlow 1 checkpoint again.

    python -m steadynet.checkpoints.make_original [PREFIX]

It is written as such files were: a graph with placeholders, a Session, a Saver. The network learns
the seven classes of clothing and bags, so that its lower layers can be reused for footwear. What is
printed at the end belongs into ``shipped.py``: the digests that its readers compare with.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from steadynet import datasets, training
from steadynet.checkpoints.digests import digests
from steadynet.checkpoints.shipped import ORIGINAL
from steadynet.checkpoints.tensorflow1 import original_graph

STEPS, BATCH_SIZE = 1500, 64


def make_original(prefix: str | os.PathLike[str] = ORIGINAL, steps: int = STEPS) -> float:
    """Train the original network and save it.

    Parameters
    ----------
    prefix : path
        ``.meta``, ``.index`` and ``.data-00000-of-00001`` are added.
    steps : int
        Updates of the weights.

    Returns
    -------
    float
        Accuracy on the test pictures, 0 to 1.
    """
    v1, data = tf.compat.v1, datasets.load_fashion_mnist()
    x, y, x_test, y_test = datasets.split_by_class(data, datasets.CLOTHING_AND_BAGS)
    x, x_test = x[..., None], x_test[..., None]
    Path(prefix).parent.mkdir(parents=True, exist_ok=True)
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(0)
        net = original_graph()
        session.run(v1.global_variables_initializer())
        for chosen in training.batch_schedule(len(x), steps, BATCH_SIZE, seed=0):
            session.run(net.train, {net.x: x[chosen], net.y: y[chosen], net.training: True})
        # No note of the newest checkpoint in the folder: it would hold where this was run.
        v1.train.Saver().save(session, str(prefix), write_state=False, strip_default_attrs=True)
        found = session.run(net.logits, {net.x: x_test}).argmax(axis=-1)
    return float(np.mean(found == y_test))


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ORIGINAL
    print(f"{target}: accuracy {make_original(target):.3f}")
    for name, digest in digests(target).items():
        print(digest, name)
