"""A network as TensorFlow 1 wrote it, and its checkpoint restored by Session and Saver."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from steadynet.checkpoints.errors import CheckpointError, absent
from steadynet.checkpoints.files import rename
from steadynet.checkpoints.opened import Checkpoint
from steadynet.checkpoints.shipped import ORIGINAL

__all__ = ["ORIGINAL", "OriginalGraph", "import_graph", "original_graph", "restore"]

v1 = tf.compat.v1

EPSILON, MOMENTUM = 1e-3, 0.9


class OriginalGraph(NamedTuple):
    """What of a TensorFlow 1 graph is fed and fetched.

    Attributes
    ----------
    x, y, training : tensor
        Placeholders ``x:0`` (pictures, 28 × 28 × 1), ``y:0`` (class numbers) and ``training:0``
        (False unless fed).
    logits, loss : tensor
        ``outputs:0``, shape (batch, classes), and ``loss:0``, mean cross-entropy.
    train : operation
        One step of gradient descent with momentum, ``train``.
    """

    x: Any
    y: Any
    training: Any
    logits: Any
    loss: Any
    train: Any


def original_graph(n_classes: int = 7) -> OriginalGraph:
    """Build the network of `ORIGINAL` in the current graph, as code of its time would.

    Two convolutions of stride 2 with batch normalization, a hidden layer, and logits.

    Parameters
    ----------
    n_classes : int
        7 as it was trained. For another number the variables of ``logits`` have another shape.

    Returns
    -------
    OriginalGraph

    Examples
    --------
    >>> with tf.Graph().as_default():
    ...     original_graph().logits.shape.as_list()
    [None, 7]
    """
    x = v1.placeholder(tf.float32, [None, 28, 28, 1], name="x")
    y = v1.placeholder(tf.int64, [None], name="y")
    training = v1.placeholder_with_default(False, [], name="training")
    h = x
    for i, filters in enumerate((8, 16), 1):
        kernel = _variable(f"conv{i}/kernel", [3, 3, h.shape[-1], filters])
        h = tf.nn.conv2d(h, kernel, 2, "SAME")
        h = tf.nn.relu(_batch_norm(h, f"bn{i}", training))
    h = tf.reshape(h, [-1, 7 * 7 * 16])
    h = tf.nn.relu(h @ _variable("hidden/kernel", [784, 24]) + _variable("hidden/bias", [24]))
    h = h @ _variable("logits/kernel", [24, n_classes]) + _variable("logits/bias", [n_classes])
    logits = tf.identity(h, name="outputs")
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(each, name="loss")
    with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
        step = v1.train.get_or_create_global_step()
        train = v1.train.MomentumOptimizer(0.05, 0.9).minimize(loss, step, name="train")
    return OriginalGraph(x, y, training, logits, loss, train)


def restore(
    session: tf.compat.v1.Session,
    prefix: str | os.PathLike[str],
    name_map: Mapping[str, str] | None = None,
    *,
    sha256: Mapping[str, str] | None = None,
) -> list[str]:
    """Restore variables of a session's graph from a checkpoint, all or some, after checking them.

    It is ``Saver(variables).restore(session, prefix)``, with errors that name the variable. After
    an error all variables are what they were.

    Parameters
    ----------
    session : tf.compat.v1.Session
        Its graph holds the variables. Those not restored stay as they are, or uninitialized.
    prefix : path
        Checkpoint, without ``.index`` or ``.data-…``; also of version 1.
    name_map : mapping of str to str, optional
        From a variable, or a scope with all its variables, of the graph, to its name in the
        checkpoint. Only these are restored. By default all, each under its own name. A scope has
        the optimizer's variables in it too. A partitioned variable is one, under its full name.
    sha256 : mapping of str to str, optional
        Digests of the checkpoint's files, as `digests` gives them.

    Returns
    -------
    list of str
        Names of the graph's variables that were restored.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or of another digest, or lacks a variable or holds it in
        another shape or of another type.
    ValueError
        If `name_map` is empty or names no variable of the graph, or `sha256` lacks a file.
    TypeError
        If `session` is no session, or `name_map` or `sha256` no mapping.

    Examples
    --------
    >>> with tf.Graph().as_default(), v1.Session() as session:
    ...     network = original_graph(n_classes=3)
    ...     session.run(v1.global_variables_initializer())
    ...     len(restore(session, ORIGINAL, {"conv1": "conv1"}))  # kernel and momentum
    2
    """
    if not isinstance(getattr(session, "graph", None), tf.Graph):
        raise TypeError(f"`session` must be a tf.compat.v1.Session. Received: {session!r}")
    return _restore(session, Checkpoint(prefix, sha256), name_map)


def _restore(session, checkpoint, name_map):
    """Check all variables against an opened checkpoint, then restore them."""
    with session.graph.as_default():
        variables = _whole_variables(v1.global_variables())
        chosen = rename(variables, name_map)
        for ours, theirs in chosen.items():
            _check_fit(checkpoint, theirs, variables[ours])
        saver = v1.train.Saver({theirs: variables[ours] for ours, theirs in chosen.items()})
        try:
            saver.restore(session, checkpoint.path)
        except (tf.errors.OpError, ValueError) as error:
            for theirs in chosen.values():
                checkpoint.read(theirs)  # names the file and variable that is damaged
            raise CheckpointError(checkpoint.prefix, f"cannot be restored: {error}") from error
    return list(chosen)


def import_graph(
    prefix: str | os.PathLike[str], *, sha256: Mapping[str, str] | None = None
) -> tf.compat.v1.Session:
    """Restore a network of which only files are left: graph from ``.meta``, then its variables.

    The graph is a program: import none from a source you would not run a program of. And a
    ``.meta`` file has no checksum: where a damaged one still is a graph, it computes something
    else. Give `sha256` where the publisher says it.

    Parameters
    ----------
    prefix : path
        Checkpoint, with ``.meta``, ``.index`` and ``.data-…`` beside each other; also of version 1.
    sha256 : mapping of str to str, optional
        Digests of all of them, as `digests` gives them; what ships with the package is compared
        with its own.

    Returns
    -------
    tf.compat.v1.Session
        With a graph of its own. Feed and fetch tensors by name; close it, or use it in ``with``.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged, of another kind or of another digest.
    ValueError
        If `sha256` lacks a file.
    TypeError
        If `sha256` is no mapping.

    Examples
    --------
    >>> import numpy as np
    >>> with import_graph(ORIGINAL) as session:
    ...     session.run("outputs:0", {"x:0": np.zeros((2, 28, 28, 1))}).shape
    (2, 7)
    """
    meta = Path(f"{prefix}.meta")
    if not meta.is_file():
        raise CheckpointError(meta, "is missing: build the graph in code, then use `restore`")
    # All files are compared before the graph is believed.
    checkpoint = Checkpoint(prefix, sha256, also=[meta])
    graph = tf.Graph()
    try:
        with graph.as_default():
            saver = v1.train.import_meta_graph(str(meta), clear_devices=True)
    # A file that is no graph fails in protobuf, in TensorFlow or in Python, each with its own kind.
    except Exception as error:
        raise CheckpointError(meta, f"is damaged or no graph: {error}") from error
    if saver is None:
        raise CheckpointError(meta, "holds no variables to restore")
    session = v1.Session(graph=graph)
    try:
        _restore(session, checkpoint, None)
    except Exception:
        session.close()
        raise
    return session


def _variable(name, shape, value=None, trainable=True):
    """A variable as TensorFlow 1 made it: weights at random, biases 0."""
    if value is None:
        value = "zeros" if len(shape) == 1 else "glorot_uniform"
    init = {
        "zeros": v1.zeros_initializer(),
        "ones": v1.ones_initializer(),
        "glorot_uniform": v1.glorot_uniform_initializer(seed=len(name)),
    }[value]
    return v1.get_variable(name, shape, initializer=init, trainable=trainable, use_resource=False)


def _batch_norm(x, scope, training):
    """Batch normalization with its moving statistics updated beside the training step."""
    n = [x.shape[-1]]
    gamma, beta = _variable(f"{scope}/gamma", n, "ones"), _variable(f"{scope}/beta", n)
    moving = [
        _variable(f"{scope}/moving_mean", n, trainable=False),
        _variable(f"{scope}/moving_variance", n, "ones", trainable=False),
    ]
    batch = tf.nn.moments(x, [0, 1, 2])
    for kept, new in zip(moving, batch, strict=True):
        update = v1.assign(kept, tf.where(training, MOMENTUM * kept + (1 - MOMENTUM) * new, kept))
        v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
    mean, variance = (tf.where(training, b, m) for b, m in zip(batch, moving, strict=True))
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, EPSILON)


def _whole_variables(variables):
    """Variables by name; the parts of a partitioned one together, as `Saver` takes them."""
    found: dict[str, Any] = {}
    for variable in variables:
        part = variable._get_save_slice_info()  # the only place that says what it is a part of
        if part is None:
            found[variable.op.name] = variable
        else:
            found.setdefault(part.full_name, []).append(variable)
    return found


def _check_fit(checkpoint, name, variable):
    """Refuse a checkpoint that lacks a variable, or holds it in another shape or type."""
    if name not in checkpoint.shapes:
        raise absent(checkpoint.prefix, name, checkpoint.shapes)
    parts = variable if isinstance(variable, list) else [variable]
    part, dtype = parts[0]._get_save_slice_info(), parts[0].dtype.base_dtype
    shape = tf.TensorShape(parts[0].shape if part is None else part.full_shape)
    held, of_kind = checkpoint.shapes[name], checkpoint.dtypes[name]
    if not shape.is_compatible_with(held):  # the graph may leave it open
        problem = f"has shape {held}, the graph's has {tuple(shape)}"
        raise CheckpointError(checkpoint.prefix, problem, name)
    if of_kind != dtype:
        problem = f"is of kind {of_kind.name}, the graph's of {dtype.name}"
        raise CheckpointError(checkpoint.prefix, problem, name)
