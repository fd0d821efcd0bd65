"""The compiled loop takes the steps that Keras takes, records them, and ends when told to."""

import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from steadynet import clipping, steps
from steadynet.steps import cross_entropy
from steadynet.training import Record, Trainer, batch_schedule, train

N, STEPS, BATCH = 48, 8, 12
OPTIMIZERS = {
    "SGD": lambda **clip: keras.optimizers.SGD(0.3, **clip),
    "momentum": lambda **clip: keras.optimizers.SGD(0.1, momentum=0.9, **clip),
    "Adam": lambda **clip: keras.optimizers.Adam(0.05, **clip),
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 5)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32") + (x[:, 1] > 0)


def network(*layers, seed=1, **options):
    """Five inputs, three classes; always the same weights for the same seed."""
    keras.utils.set_random_seed(seed)
    hidden = keras.layers.Dense(8, activation="tanh", **options)
    return keras.Sequential([keras.Input((5,)), hidden, *layers, keras.layers.Dense(3)])


@pytest.fixture(scope="module")
def shared():
    """One compiled trainer, for what does not look inside it."""
    return Trainer(network(), keras.optimizers.SGD(0.3, momentum=0.9), clip="global_norm")


@pytest.fixture
def trainer(shared):
    """The shared trainer with its first weights."""
    shared.model.set_weights(network().get_weights())
    return shared


def run(trainer, data, **options):
    return trainer.run(*data, **{"steps": STEPS, "batch_size": BATCH, "threshold": 0.5} | options)


def assert_same(one, other):
    for name in ("loss", "accuracy", "gradient_norm", "clipped"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


# --- the steps


def by_hand(model, optimizer, data, clip, threshold):
    """The same steps in eager mode: weights, and what the record should hold."""
    measures = []
    for rows in batch_schedule(N, STEPS, BATCH, seed=0):
        x, y = (a[rows] for a in data)
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
            loss = tf.reduce_mean(loss)
        raw = tape.gradient(loss, model.trainable_weights)
        grads = clip(raw, model.trainable_weights, threshold)
        optimizer.apply(grads, model.trainable_weights)
        hits = np.mean(np.argmax(logits, axis=-1) == y)
        norms = [float(tf.linalg.global_norm(g)) for g in (raw, grads)]
        measures.append((float(loss), hits, norms[0], float(norms[1] < 0.9999 * norms[0])))
    return model.get_weights(), np.transpose(measures)


def sign(grads, _params, threshold):
    """A clipping of the reader's own: every entry becomes plus or minus the threshold."""
    return [threshold * tf.sign(g) for g in grads]


ORACLES = {
    None: lambda g, _w, _t: g,
    "value": lambda g, _w, t: [tf.clip_by_value(each, -t, t) for each in g],
    "norm": lambda g, _w, t: [tf.clip_by_norm(each, t) for each in g],
    "global_norm": lambda g, _w, t: tf.clip_by_global_norm(g, t)[0],
    "adaptive": clipping.clip_adaptively,
    sign: sign,
}


@pytest.mark.parametrize(
    ("optimizer", "clip", "threshold"),
    [
        ("SGD", None, None),
        ("SGD", "value", 0.05),
        ("SGD", "norm", 0.1),
        ("SGD", "global_norm", 0.1),
        ("SGD", "adaptive", 0.02),
        ("SGD", sign, 0.01),
        ("momentum", "global_norm", 0.1),
        ("Adam", None, None),
        ("Adam", "global_norm", 0.1),
    ],
)
def test_steps_and_record_equal_a_hand_written_loop(data, optimizer, clip, threshold):
    expected, measures = by_hand(network(), OPTIMIZERS[optimizer](), data, ORACLES[clip], threshold)
    trainer = Trainer(network(), OPTIMIZERS[optimizer](), clip=clip)
    record = run(trainer, data, threshold=threshold)
    for ours, theirs in zip(trainer.model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(record.loss, measures[0], rtol=1e-5)
    np.testing.assert_allclose(record.accuracy, measures[1], rtol=1e-6)
    np.testing.assert_allclose(record.gradient_norm, measures[2], rtol=1e-4)
    if clip is not sign:
        np.testing.assert_array_equal(record.clipped, measures[3])
        assert record.clipped.any() == (clip is not None), "the threshold is one that bites"


@pytest.mark.parametrize(
    ("optimizer", "argument", "clip"),
    [
        ("SGD", "clipvalue", "value"),
        ("momentum", "clipnorm", "norm"),
        ("Adam", "global_clipnorm", "global_norm"),
        ("momentum", None, None),
    ],
)
def test_training_equals_keras_fit_with_its_clip_argument(data, optimizer, argument, clip):
    theirs, ours = network(), network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    theirs.compile(OPTIMIZERS[optimizer](**({argument: 0.05} if argument else {})), loss)
    rows = batch_schedule(N, STEPS, BATCH, seed=0).ravel()
    theirs.fit(*(a[rows] for a in data), batch_size=BATCH, shuffle=False, verbose=0)
    threshold = 0.05 if clip else None
    run(Trainer(ours, OPTIMIZERS[optimizer](), clip=clip), data, threshold=threshold)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_train_is_a_trainer_and_its_run_in_one_call(data, trainer):
    model = network()
    optimizer = keras.optimizers.SGD(0.3, momentum=0.9)
    options = {"steps": STEPS, "batch_size": BATCH, "clip": "global_norm", "threshold": 0.5}
    assert_same(train(model, optimizer, *data, **options), run(trainer, data))


def test_frozen_layers_stay_and_the_others_learn(data):
    model = network()
    model.layers[0].trainable = False
    before = model.get_weights()
    train(model, keras.optimizers.SGD(0.3), *data, steps=2, batch_size=BATCH)
    same = [np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert same == [True, True, False, False]


def test_batch_norm_moves_its_statistics_by_the_batch(data):
    model = network(keras.layers.BatchNormalization(momentum=0.9))
    hidden = model.layers[0](data[0]).numpy()
    train(model, keras.optimizers.SGD(0.3), *data, steps=1, batch_size=N)
    mean, variance = model.layers[1].get_weights()[2:]
    np.testing.assert_allclose(mean, 0.1 * hidden.mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * hidden.var(0), rtol=1e-4)


def test_penalties_of_layers_are_part_of_the_loss(data):
    plain, decayed = network(), network(kernel_regularizer=keras.regularizers.L2(0.1))
    options = {"steps": 1, "batch_size": N}
    records = [train(m, keras.optimizers.SGD(0.3), *data, **options) for m in (plain, decayed)]
    squares = np.sum(network().get_weights()[0] ** 2)
    np.testing.assert_allclose(records[1].loss - records[0].loss, 0.1 * squares, rtol=1e-4)
    kernels = [m.get_weights()[0] for m in (plain, decayed)]
    # The gradient of 0.1 w² is 0.2 w, and the rate is 0.3.
    np.testing.assert_allclose(
        kernels[0] - kernels[1], 0.06 * network().get_weights()[0], rtol=1e-3, atol=1e-6
    )


def test_dropout_differs_from_step_to_step_and_begins_again_with_each_run(data):
    trainer = Trainer(network(keras.layers.Dropout(0.5, seed=3)), keras.optimizers.SGD(0.3))
    start = trainer.model.get_weights()
    options = {"steps": 4, "batch_size": N, "learning_rate": 1e-12}
    records = []
    for _ in range(2):
        trainer.model.set_weights(start)
        records.append(trainer.run(*data, **options))
    assert_same(*records)
    # Whole passes at next to no rate: only the dropped units tell one step from another.
    assert len(set(records[0].loss.tolist())) == 4


def test_the_sparse_gradient_of_an_embedding_is_clipped(data):
    table = [keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((3,), dtype="int32"), *table])
    before = model.get_weights()
    x = np.random.default_rng(4).integers(0, 5, (N, 3))
    options = {"steps": 1, "batch_size": N, "clip": "global_norm", "threshold": 0.01}
    record = train(model, keras.optimizers.SGD(0.3), x, data[1], **options)
    assert record.clipped.all()
    moves = [a - b for a, b in zip(model.get_weights(), before, strict=True)]
    # The step is as long as rate times threshold: 0.3 × 0.01.
    length = np.sqrt(sum(np.sum(m**2) for m in moves))
    np.testing.assert_allclose(length, 0.003, rtol=1e-3)
    assert not moves[0][5:].any(), "rows that were not looked up stay"


# --- the record


def test_same_seed_gives_the_same_record_and_another_seed_another(data, trainer):
    start = trainer.model.get_weights()
    records = []
    for seed in (7, 7, 8):
        trainer.model.set_weights(start)
        records.append(run(trainer, data, seed=seed))
    assert_same(*records[:2])
    assert not np.array_equal(records[0].loss, records[2].loss)


@pytest.mark.parametrize("chunk", [1, 3, STEPS, 1000, np.int64(3)])
def test_chunk_size_does_not_change_the_record(data, trainer, chunk):
    start = trainer.model.get_weights()
    whole = run(trainer, data)
    weights = trainer.model.get_weights()
    trainer.model.set_weights(start)
    assert_same(run(trainer, data, chunk=chunk), whole)
    for a, b in zip(trainer.model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_norm_is_that_of_the_gradient_before_clipping(data, trainer):
    start = trainer.model.get_weights()
    never = run(trainer, data, threshold=math.inf)
    trainer.model.set_weights(start)
    tight = run(trainer, data, threshold=1e-3)
    assert tight.gradient_norm[0] == never.gradient_norm[0]
    assert (tight.gradient_norm > 1e-3).all()


def test_clipped_counts_the_steps_whose_norm_exceeds_the_threshold(data, trainer):
    start = trainer.model.get_weights()
    never = run(trainer, data, threshold=math.inf)
    assert never.clipped_share == 0
    for threshold, share in ((never.gradient_norm.max() * 1.001, 0), (1e-3, 1)):
        trainer.model.set_weights(start)
        assert run(trainer, data, threshold=float(threshold)).clipped_share == share
    trainer.model.set_weights(start)
    some = run(trainer, data, threshold=float(np.median(never.gradient_norm)))
    np.testing.assert_array_equal(some.clipped, some.gradient_norm > np.median(never.gradient_norm))
    assert 0 < some.clipped_share < 1


def test_a_loose_threshold_changes_nothing(data, trainer):
    start = trainer.model.get_weights()
    loose = run(trainer, data, threshold=1e6)
    trainer.model.set_weights(start)
    assert_same(loose, run(trainer, data, threshold=math.inf))


@pytest.mark.parametrize("clip", ["value", "norm", "global_norm", "adaptive"])
def test_a_step_lost_to_nan_is_not_called_clipped(data, clip):
    x = np.full_like(data[0], np.nan)
    options = {"steps": 2, "batch_size": BATCH, "clip": clip, "threshold": 1e-3}
    record = train(network(), keras.optimizers.SGD(0.3), x, data[1], **options)
    assert np.isnan(record.loss).all()
    assert np.isnan(record.gradient_norm).all()
    assert not record.clipped.any()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64"])
def test_class_numbers_of_any_integer_type_count_alike(data, dtype):
    x, y = data
    for labels in (y, y.astype(dtype)):
        value = cross_entropy(tf.constant(labels), tf.constant(x[:, :3]))
        expected = keras.losses.sparse_categorical_crossentropy(y, x[:, :3], from_logits=True)
        np.testing.assert_allclose(value, np.mean(expected), rtol=1e-5)
    options = {"steps": 1, "batch_size": N}
    records = [
        train(network(), keras.optimizers.SGD(0.3), x, t, **options) for t in (y, y.astype(dtype))
    ]
    assert_same(*records)


def test_accuracy_is_nan_where_targets_are_no_class_numbers(data):
    def squares(targets, outputs):
        return tf.reduce_mean((tf.cast(targets[:, None], tf.float32) - outputs) ** 2)

    options = {"steps": 1, "batch_size": N, "loss": squares}
    targets = data[0][:, 0]
    assert np.isnan(
        train(network(), keras.optimizers.SGD(0.1), data[0], targets, **options).accuracy
    ).all()
    single = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    assert np.isnan(train(single, keras.optimizers.SGD(0.1), *data, **options).accuracy).all()


def test_record_sums_up_one_run_or_many():
    clipped = np.array([[0, 1, 1, 1], [0, 0, 0, 0]], "float32")
    many = Record(clipped, clipped, clipped, clipped)
    assert many.steps == 4
    np.testing.assert_array_equal(many.clipped_share, [0.75, 0])
    assert not many.cancelled


# --- chunks, cancellation


def test_every_chunk_reports_the_record_so_far(data, trainer):
    seen = []
    whole = run(trainer, data, chunk=3, on_chunk=seen.append)
    assert [record.steps for record in seen] == [3, 6, 8]
    assert_same(seen[-1], whole)
    np.testing.assert_array_equal(seen[0].loss, whole.loss[:3])


@pytest.mark.parametrize("no", [False, np.False_])
def test_cancelling_keeps_what_was_done(data, trainer, no):
    start = trainer.model.get_weights()
    two = run(trainer, data, chunk=2, on_chunk=lambda record: no if record.steps == 2 else None)
    weights = trainer.model.get_weights()
    assert two.cancelled
    assert two.steps == 2
    trainer.model.set_weights(start)
    whole = run(trainer, data)
    assert not whole.cancelled
    np.testing.assert_array_equal(two.loss, whole.loss[:2])
    trainer.model.set_weights(start)
    # The same two steps alone: 24 rows of the same pass.
    run(trainer, data, chunk=2, on_chunk=lambda record: record.steps < 2)
    for a, b in zip(trainer.model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("answer", [None, True, 0, [], np.True_])
def test_only_false_cancels(data, trainer, answer):
    assert run(trainer, data, chunk=2, on_chunk=lambda _: answer).steps == STEPS


def test_saying_no_after_the_last_step_is_no_cancellation(data, trainer):
    assert not run(trainer, data, chunk=STEPS, on_chunk=lambda _: False).cancelled


def test_an_exception_in_on_chunk_passes_and_keeps_the_weights_of_its_chunk(data, trainer):
    start = trainer.model.get_weights()
    run(trainer, data, chunk=2, on_chunk=lambda _: False)
    after_two = trainer.model.get_weights()
    trainer.model.set_weights(start)

    def fail(_record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(trainer, data, chunk=2, on_chunk=fail)
    for a, b in zip(trainer.model.get_weights(), after_two, strict=True):
        np.testing.assert_array_equal(a, b)


# --- a fresh start


def test_each_run_begins_without_the_momentum_of_the_last(data, trainer):
    start = trainer.model.get_weights()
    first = run(trainer, data, learning_rate=0.01)
    trainer.model.set_weights(start)
    assert_same(run(trainer, data, learning_rate=0.01), first)
    assert trainer.optimizer.iterations.numpy() == STEPS


def test_the_optimizers_own_rate_returns_after_a_run_with_another(data, trainer):
    start = trainer.model.get_weights()
    first = run(trainer, data)
    for rate in (1e-3, None):
        trainer.model.set_weights(start)
        last = run(trainer, data, learning_rate=rate)
    assert_same(last, first)


def test_an_optimizer_that_trained_before_starts_fresh(data):
    used, model, other = keras.optimizers.Adam(0.05), network(), network()
    options = {"steps": 3, "batch_size": BATCH}
    train(model, used, *data, **options)
    other.set_weights(model.get_weights())
    again = train(model, used, *data, **options)
    assert_same(again, train(other, keras.optimizers.Adam(0.05), *data, **options))


def test_thresholds_rates_seeds_and_chunks_compile_nothing_new(data, trainer):
    run(trainer, data)
    before = trainer._compiled.experimental_get_tracing_count()
    run(trainer, data, threshold=2, learning_rate=0.01, seed=np.int64(9), chunk=5)
    run(trainer, data, threshold=math.inf, learning_rate=1, chunk=np.int32(3))
    assert trainer._compiled.experimental_get_tracing_count() == before


def test_training_many_networks_in_a_row_brings_no_warning(data, caplog):
    for seed in range(6):
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
        train(model, keras.optimizers.SGD(0.3), *data, steps=1, batch_size=BATCH, seed=seed)
    assert not caplog.records


# --- what is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "`steps` must be an integer of at least 1. Received: 0"),
        ({"steps": 2.0}, "`steps` must be an integer of at least 1. Received: 2.0"),
        ({"batch_size": True}, "`batch_size` must be an integer of at least 1. Received: True"),
        ({"batch_size": 49}, "`batch_size` must be at most the 48 examples. Received: 49"),
        ({"seed": -1}, "`seed` must be an integer of at least 0. Received: -1"),
        ({"chunk": 0}, "`chunk` must be an integer of at least 1. Received: 0"),
        ({"threshold": 0}, "`threshold` must be positive. Received: 0"),
        ({"threshold": -1.0}, "`threshold` must be positive. Received: -1.0"),
        ({"threshold": math.nan}, "`threshold` must be positive. Received: nan"),
        ({"threshold": 1e-50}, "`threshold` must be positive. Received: 1e-50"),
        ({"threshold": "1"}, "`threshold` must be positive. Received: '1'"),
        ({"threshold": None}, "`threshold` must be given with clip='global_norm'. Received: None"),
        ({"learning_rate": 0}, "`learning_rate` must be positive and finite. Received: 0"),
        (
            {"learning_rate": math.inf},
            "`learning_rate` must be positive and finite. Received: inf",
        ),
        (
            {"learning_rate": True},
            "`learning_rate` must be positive and finite. Received: True",
        ),
    ],
)
def test_bad_numbers_are_refused_before_a_weight_moves(data, trainer, options, message):
    before = trainer.model.get_weights()
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        run(trainer, data, **options)
    for a, b in zip(trainer.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_examples_and_targets_must_be_as_many(data, trainer):
    with pytest.raises(ValueError, match=r"equal lengths\. Received: 48 examples, 47 targets"):
        run(trainer, (data[0], data[1][:-1]))


def test_a_threshold_without_clipping_is_refused(data):
    with pytest.raises(ValueError, match=r"`threshold` needs `clip` to be set\. Received: 1\.0"):
        run(Trainer(network(), keras.optimizers.SGD()), data, threshold=1.0)


def test_a_callable_may_do_without_a_threshold(data):
    seen = []

    def look(grads, params, threshold):
        seen.append((len(grads), len(params), threshold.dtype))
        return grads

    record = run(Trainer(network(), keras.optimizers.SGD(), clip=look), data, threshold=None)
    assert seen == [(4, 4, tf.float32)]
    assert not record.clipped.any()


def test_models_and_clippings_that_cannot_train_are_refused():
    sgd = keras.optimizers.SGD
    unbuilt = keras.Sequential([keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="`model` must be built: give it an Input"):
        Trainer(unbuilt, sgd())
    with pytest.raises(ValueError, match=r"`clip` must be one of .*'adaptive'.* Received: 'norms'"):
        Trainer(network(), sgd(), clip="norms")
    for argument in ("clipvalue", "clipnorm", "global_clipnorm"):
        with pytest.raises(ValueError, match=f"must not clip by itself.* Received: {argument}=1.0"):
            Trainer(network(), sgd(**{argument: 1.0}))
    adam = keras.optimizers.Adam()
    Trainer(network(), adam)
    with pytest.raises(ValueError, match="`optimizer` must not be built for another model"):
        Trainer(network(keras.layers.Dense(4)), adam)


# --- which examples


@pytest.mark.parametrize(
    ("n", "steps", "batch_size"), [(6, 3, 2), (7, 10, 3), (5, 4, 5), (9, 1, 4)]
)
def test_no_example_comes_twice_in_a_pass(n, steps, batch_size):
    schedule = batch_schedule(n, steps, batch_size, seed=3)
    assert schedule.shape == (steps, batch_size)
    assert schedule.min() >= 0
    assert schedule.max() < n
    a_pass = n // batch_size
    for first in range(0, steps, a_pass):
        rows = schedule[first : first + a_pass].ravel()
        assert len(set(rows.tolist())) == len(rows)


def test_passes_are_shuffled_anew_and_by_the_seed():
    schedule = batch_schedule(40, 4, 20, seed=1)
    assert not np.array_equal(schedule[:2], schedule[2:])
    np.testing.assert_array_equal(schedule, batch_schedule(40, 4, 20, seed=1))
    assert not np.array_equal(schedule, batch_schedule(40, 4, 20, seed=2))
    np.testing.assert_array_equal(schedule[:3], batch_schedule(40, 3, 20, seed=1))


def test_gradients_read_no_variable(data):
    model = network()
    weights = [tf.zeros_like(v) for v in model.trainable_variables]
    x, y = (tf.constant(a) for a in data)
    grads, _, measures = steps.gradients(model, cross_entropy, None, weights, [], x, y, 0.0)
    # With all weights zero the three classes are equally likely: log 3 = 1.0986.
    np.testing.assert_allclose(measures[0], math.log(3), rtol=1e-6)
    assert [g.shape for g in grads] == [v.shape for v in model.trainable_variables]
