"""Plain recurrent and dense networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from steadynet import _checks, normalization

__all__ = ["dense_network", "recurrent_network"]

PLACEMENTS = ("before", "after")


def recurrent_network(
    length: int,
    n_inputs: int = 6,
    n_classes: int = 4,
    *,
    units: int = 32,
    gain: float = 1.2,
    seed: int = 0,
) -> keras.Sequential:
    """A plain tanh recurrent network that reads a sequence and names its class.

    ``h_t = tanh(W x_t + U h_{t-1} + b)``, then logits from the last state. `U` starts as `gain`
    times an orthogonal matrix, so every eigenvalue of `U` has modulus `gain`: above 1, gradients
    can grow with each step back in time.

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


def dense_network(
    n_inputs: int,
    n_classes: int,
    *,
    depth: int,
    units: int = 32,
    activation: str | Callable[..., Any] = "relu",
    batch_norm: bool | Callable[[], keras.Layer] = False,
    placement: str = "before",
    seed: int = 0,
) -> keras.Sequential:
    """A plain deep network: `depth` hidden layers ``h_k = f(W_k h_{k-1} + b_k)``, then logits.

    With batch normalization, ``h_k = f(BN(W_k h_{k-1}))`` where it stands before `f`, as in the
    paper, and ``h_k = BN(f(W_k h_{k-1} + b_k))`` where it stands after.

    Parameters
    ----------
    n_inputs, n_classes : int
        Input features, and classes.
    depth : int
        Number of hidden layers.
    units : int
        Size of each hidden layer.
    activation : str or callable
        `f`, or its Keras name.
    batch_norm : bool or callable
        Whether hidden layers are normalized. A callable is called once a hidden layer and returns a
        layer; True means `normalization.BatchNorm` as it is by default.
    placement : {"before", "after"}
        Where it stands: before the activation, and then `beta` replaces the bias, or after.
    seed : int
        Seeds the initial weights: He normal in the hidden layers, Glorot uniform in the last. The
        kernels are the same with and without `batch_norm`.

    Returns
    -------
    keras.Sequential
        Built; input (batch, `n_inputs`), output logits (batch, `n_classes`).

    Raises
    ------
    ValueError
        If `placement` is another word.

    Examples
    --------
    >>> dense_network(4, 3, depth=2).count_params()
    1315

    Two layers of 32 units trade a bias for scale and shift, and keep a moving mean and variance.

    >>> dense_network(4, 3, depth=2, batch_norm=True).count_params() - 1315
    192

    References
    ----------
    Ioffe and Szegedy (2015), section 3.2.
    """
    _checks.one_of("placement", placement, PLACEMENTS)
    normalize = normalization.BatchNorm if batch_norm is True else batch_norm
    init, hidden = keras.initializers, []
    for k in range(depth):
        first = bool(normalize) and placement == "before"
        kernel = init.HeNormal(seed=1000 * seed + k)
        hidden.append(
            keras.layers.Dense(
                units, None if first else activation, use_bias=not first, kernel_initializer=kernel
            )
        )
        if normalize:
            hidden.append(normalize())
        if first:
            hidden.append(keras.layers.Activation(activation))
    kernel = init.GlorotUniform(seed=1000 * seed + depth)
    head = keras.layers.Dense(n_classes, kernel_initializer=kernel)
    return keras.Sequential([keras.Input((n_inputs,)), *hidden, head])
