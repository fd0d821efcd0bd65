"""The small Keras networks that the chapters train."""

from __future__ import annotations

import keras

__all__ = ["dense_network", "recurrent_network"]


def recurrent_network(length, n_inputs=6, n_classes=4, *, units=32, gain=1.2, seed=0):
    """A plain tanh recurrent network that reads a sequence and names its class.

    ``h_t = tanh(W x_t + U h_{t-1} + b)``, then logits from the last state. `U` starts as `gain` times an
    orthogonal matrix, so every eigenvalue of `U` has modulus `gain`: above 1, gradients can grow with each
    step back in time.

    Parameters
    ----------
    length : int
        Steps in a sequence; the network is unrolled over them.
    n_inputs, n_classes : int
        Input features a step, and classes.
    units : int
        Size of the state `h`.
    gain : float
        Modulus of the eigenvalues of the recurrent kernel at the start.
    seed : int
        Seeds the initial weights.

    Returns
    -------
    keras.Sequential
        Built; input (batch, `length`, `n_inputs`), output logits (batch, `n_classes`).

    Examples
    --------
    >>> recurrent_network(10).output_shape
    (None, 4)

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), section 2.
    """
    init = keras.initializers
    cell = keras.layers.SimpleRNN(
        units,
        unroll=True,
        kernel_initializer=init.GlorotUniform(seed=seed),
        recurrent_initializer=init.Orthogonal(gain=gain, seed=seed + 1),
    )
    head = keras.layers.Dense(n_classes, kernel_initializer=init.GlorotUniform(seed=seed + 2))
    return keras.Sequential([keras.Input((length, n_inputs)), cell, head])


def dense_network(n_inputs, n_classes, *, depth, units=32, activation="relu", seed=0):
    """A plain deep network: `depth` hidden layers ``h_k = f(W_k h_{k-1} + b_k)``, then logits.

    Parameters
    ----------
    n_inputs, n_classes : int
        Input features, and classes.
    depth : int
        Number of hidden layers.
    units : int
        Size of each hidden layer.
    activation : str
        Keras name of `f`.
    seed : int
        Seeds the initial weights: He normal in the hidden layers, Glorot uniform in the last.

    Returns
    -------
    keras.Sequential
        Built; input (batch, `n_inputs`), output logits (batch, `n_classes`).

    Examples
    --------
    >>> dense_network(4, 3, depth=2).count_params()
    1315
    """
    init, hidden = keras.initializers, []
    for k in range(depth):
        kernel = init.HeNormal(seed=1000 * seed + k)
        hidden.append(keras.layers.Dense(units, activation, kernel_initializer=kernel))
    kernel = init.GlorotUniform(seed=1000 * seed + depth)
    head = keras.layers.Dense(n_classes, kernel_initializer=kernel)
    return keras.Sequential([keras.Input((n_inputs,)), *hidden, head])
