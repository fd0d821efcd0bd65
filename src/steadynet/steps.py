"""One training step as a pure function: loss, gradients, clipping, and what is measured of them."""

from __future__ import annotations

import math

import tensorflow as tf

from steadynet import clipping


def cross_entropy(targets, logits):
    """Mean cross-entropy of class numbers against logits: ``-log softmax(logits)[target]``.

    Parameters
    ----------
    targets : int tensor, shape (batch,)
        Class numbers from 0.
    logits : float tensor, shape (batch, classes)
        Unnormalized scores.

    Returns
    -------
    scalar tensor
        In nats.

    Examples
    --------
    >>> round(float(cross_entropy(tf.constant([1]), tf.constant([[0.0, 0.0]]))), 4)
    0.6931
    """
    targets = tf.convert_to_tensor(targets)
    if targets.dtype.is_integer:
        targets = tf.cast(targets, tf.int64)  # of the integers, TensorFlow takes only these
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    return tf.reduce_mean(each)


def gradients(model, loss, clip, weights, layer_state, x, y, limit):
    """Clipped gradients of one batch as a pure function: no variable is read or written.

    Parameters
    ----------
    model, loss, clip
        As in `training.Trainer`.
    weights, layer_state : list of tensor
        Values in place of the model's trainable and other variables.
    x, y : tensor
        One batch.
    limit : scalar tensor
        Clip threshold.

    Returns
    -------
    grads : list of tensor
        One a weight, zeros where the loss does not depend on it.
    layer_state : list of tensor
        The layers' new state: moving averages, random seeds.
    measures : list of scalar tensor, float32
        Loss with penalties, accuracy, joint norm before clipping, and 1 where clipping changed a
        gradient.
    """
    with tf.GradientTape() as tape:
        tape.watch(weights)
        outputs, layer_state, penalties = model.stateless_call(
            weights, layer_state, x, training=True, return_losses=True
        )
        value = tf.add_n([loss(y, outputs), *penalties])
    raw = tape.gradient(value, weights, unconnected_gradients="zero")
    raw = [tf.convert_to_tensor(g) for g in raw]
    grads = _clip(clip, raw, weights, limit)
    changed = tf.constant(False) if clip is None else _differ(grads, raw)
    measures = value, _accuracy(y, outputs), clipping.global_norm(raw), changed
    return grads, layer_state, [tf.cast(m, tf.float32) for m in measures]


def _differ(grads, raw):
    """Whether clipping changed a gradient."""
    # Not `!=`: a NaN differs from itself, and a run that diverged was not clipped by that.
    pairs = zip(grads, raw, strict=True)
    return tf.reduce_any([tf.reduce_any(tf.abs(g - r) > 0) for g, r in pairs])


def _clip(method, grads, params, limit):
    """Clip by name or by a callable of the reader's own."""
    if method is None:
        return grads
    if callable(method):
        return method(grads, params, limit)
    if method == "adaptive":
        return clipping.clip_adaptively(grads, params, limit)
    return clipping.clip(grads, method, limit)


def _accuracy(targets, outputs):
    """Share of rows whose largest output is the target; NaN where targets are no class numbers."""
    classes = targets.dtype.is_integer and targets.shape.rank == 1 and outputs.shape.rank == 2
    if not classes or outputs.shape[-1] == 1:
        return tf.constant(math.nan)
    hits = tf.equal(tf.argmax(outputs, axis=-1), tf.cast(targets, tf.int64))
    return tf.reduce_mean(tf.cast(hits, tf.float32))
