"""How much faster than Keras `fit` (the other) is the compiled loop (ours), once compiled?"""

from __future__ import annotations

import functools

import numpy as np

from bench.measure import Row, compare

STEPS = 200


def rows(repeats: int) -> list[Row]:
    """The dense network on Fashion-MNIST, and the recurrent one on temporal order."""
    from steadynet import datasets, networks

    pictures = datasets.load_fashion_mnist()
    dense = networks.dense_network(784, 10, depth=2, units=64)
    symbols, labels = datasets.temporal_order(20 * STEPS, 20, seed=0)
    sequences = np.eye(6, dtype="float32")[symbols]
    x = np.resize(pictures.x_train.reshape(-1, 784), (128 * STEPS, 784))
    y = np.resize(pictures.y_train, 128 * STEPS)
    recurrent = networks.recurrent_network(20)
    return [
        _row("dense, 2 × 64, batch 128", dense, x, y, 128, repeats),
        _row("recurrent, 32 units × 20 steps, batch 20", recurrent, sequences, labels, 20, repeats),
    ]


def _row(what, model, x, y, batch_size, repeats):
    """Plain gradient descent with the global norm clipped, both ways."""
    import keras

    from steadynet import training

    trainer = training.Trainer(model, keras.optimizers.SGD(0.01), clip="global_norm")
    ours = functools.partial(
        trainer.run, x, y, steps=STEPS, batch_size=batch_size, threshold=1.0, chunk=STEPS
    )
    twin = keras.models.clone_model(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    sgd = keras.optimizers.SGD(0.01, global_clipnorm=1.0)
    twin.compile(sgd, loss=loss, metrics=["accuracy"])
    fit = functools.partial(twin.fit, x, y, batch_size=batch_size, verbose=0)
    return compare(what, ours, fit, repeats, 1000 / STEPS, "ms a step")
