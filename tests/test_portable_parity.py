"""What the pages ship computes what TensorFlow computes, step by step, from real weights."""

import numpy as np
import pytest
from portable_runs import DEMOS, Reference

from steadynet import datasets, recording
from steadynet.demos.batch_norm_depth import page as batch_norm
from steadynet.experiments import batch_norm_depth, clip_threshold, frozen_layers
from steadynet.portable.interpreter import Interpreter
from steadynet.tasks import transfer
from steadynet.tasks.pictures import small_pictures

pytestmark = pytest.mark.slow

CLIPPED = [
    {"method": method, "learning_rate": rate, "threshold": threshold}
    for method in clip_threshold.METHODS
    for rate, threshold in ((0.2, 1.0), (0.05, np.inf), (0.8, 0.1))
]
FROZEN = [{"n_frozen": k, "labels": n} for k in frozen_layers.N_FROZEN for n in (10, 30, 1000)]
NORMALIZED = [
    {"normalize": n, "depth": d, "activation": a, "batch_size": b, "learning_rate": r}
    for n in ("none", "batch norm")
    for d, a, b, r in (
        (2, "relu", 64, 0.1),
        (10, "relu", 8, 0.03),
        (10, "elu", 64, 0.1),
        (20, "sigmoid", 64, 0.3),
        (30, "sigmoid", 8, 0.03),
    )
]
MOMENTS = {
    "clip": {*range(20), *range(20, 600, 20)},
    "freeze": {*range(10), 40, 80, 159},
    "batch-norm": {*range(20), 50, 100},
}
CASES = [
    *(("clip", s) for s in CLIPPED),
    *(("freeze", s) for s in FROZEN),
    *(("batch-norm", s) for s in NORMALIZED),
]


def gaps(found, new, old):
    """Largest difference of new states, relative to the weights and to what the step changed."""
    gap = np.abs(found - new).max()
    return gap / np.abs(new).max(), gap / max(np.abs(new - old).max(), 1e-30)


@pytest.mark.parametrize(("name", "setting"), CASES)
def test_program_takes_tensorflows_step_from_its_weights(name, setting):
    reference = Reference(name, **setting)
    program = Interpreter(reference.built.program("step", **reference.setting))
    compared = 0
    for inputs, new, measures in reference.run(MOMENTS[name]):
        out = program(**inputs)
        of_weights, of_change = gaps(out["state"], new, inputs["state"])
        assert of_weights <= 1e-5
        if (
            measures[0] > 0.1
        ):  # a solved task's loss is a rounding error itself, and so its gradient
            assert of_change <= 1e-4
        assert np.allclose(out["measures"], measures, rtol=1e-3, atol=1e-6)
        compared += 1
    assert compared >= min(10, len(MOMENTS[name]))


def test_thirty_relu_layers_part_no_further_than_tensorflow_from_itself():
    # A kink in each of 720 units: rounding puts some input on its other side, and normalization by
    # thirty batches magnifies that. So TensorFlow is asked again from weights rounded otherwise.
    setting = {"normalize": "batch norm", "depth": 30, "activation": "relu", "batch_size": 64}
    reference = Reference("batch-norm", **setting, learning_rate=0.1)
    program = Interpreter(reference.built.program("step", **reference.setting))
    sign = np.random.default_rng(0).choice([-1, 1], reference.start.size)
    theirs, ours = [], []
    for inputs, new, _ in reference.run({*range(0, 100, 5)}):
        state = inputs["state"]
        moved = np.nextafter(state, np.float32(np.inf) * sign, dtype="f4")
        again, _ = reference.step(moved, inputs["x"], inputs["y"])
        theirs.append(gaps(again, new, state)[1])
        ours.append(gaps(program(**inputs)["state"], new, state)[1])
    assert max(theirs) > 1e-5
    assert max(ours) <= 10 * max(theirs)


def test_data_of_the_site_are_those_of_the_recorded_seed():
    demo = DEMOS["clip"]()
    x, y = next(iter(Reference("clip").built.batches(**demo.complete({}))))
    assert x.shape == (20, 20)
    assert y.max() <= 3
    built = Reference("batch-norm").built
    pixels = built.arrays("examples")
    x, y = small_pictures()
    _, options = batch_norm.network("none", 2, "relu")
    assert np.allclose(options["prepare"](pixels["x"].astype("f4")), x, atol=1e-6)
    assert np.array_equal(pixels["y"], y)
    assert len(built.arrays("held_out")["y"]) == len(datasets.load_fashion_mnist().y_test)
    built = Reference("freeze").built
    for n in frozen_layers.LABELS:
        known = transfer.labelled("tops", n, 0)
        found = built.arrays("examples", task="tops")
        assert np.array_equal(found["x"][:n] / np.float32(255), known.x_train)
        assert np.array_equal(found["y"][:n], known.y_train)
        assert built.arrays("order", labels=n)["order"].max() < n


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_look_shows_what_the_experiment_sees(activation):
    setting = {"normalize": "batch norm", "depth": 10, "activation": activation}
    reference = Reference("batch-norm", **setting)
    row, _ = batch_norm.network(*setting.values())
    row.train(0, [0.1], steps=1, batch_size=64, moments=[0], on_moment=lambda: None)
    seen = batch_norm_depth.look(row)
    held = [[w[0] for w in part] for part in row.copies]
    state = np.concatenate([np.ravel(w) for w in _in_order(row.model, *held)])
    shown = reference.built.arrays("shown")
    look = Interpreter(reference.built.program("look", **reference.setting))
    out = look(state=state, x=shown["x"], y=shown["y"])
    assert np.allclose(out["activations"], seen["activations"][0], atol=2e-4, equal_nan=True)
    assert np.allclose(
        np.log10(out["gradients"][:, 0]), seen["gradients"][0], atol=1e-4, equal_nan=True
    )


def _in_order(model, weights, layer_state):
    """Values of a model's trainable and other variables in the order of its weights."""
    variables = (*model.trainable_variables, *model.non_trainable_variables)
    held = {id(v): t for v, t in zip(variables, (*weights, *layer_state), strict=True)}
    return [held[id(v)] for v in model.weights]


@pytest.mark.parametrize(("name", "n"), [("freeze", 100), ("batch-norm", 500)])
def test_test_program_counts_what_the_model_gets_right(name, n):
    reference = Reference(name)
    reference.model.set_weights(reference.weights(reference.start))
    test = Interpreter(reference.built.program("test", **reference.setting))
    data = reference.built.arrays("held_out", **reference.setting)
    x, y = data["x"][:n].astype("f4"), data["y"][:n]
    pictures = (
        x / 255 if name == "freeze" else batch_norm.network("none", 2, "relu")[1]["prepare"](x)
    )
    expected = (np.argmax(reference.model(pictures, training=False), -1) == y).sum()
    assert test(state=reference.start, x=x, y=y)["right"] == expected


@pytest.mark.parametrize("task", frozen_layers.SPLITS)
def test_pretrained_weights_are_those_that_the_recording_started_from(task):
    setting = {"task": task, "start": "pretrained", "n_frozen": 2, "labels": 300}
    reference = Reference("freeze", **setting)
    data = transfer.labelled(task, 300, 0)
    weights = reference.weights(reference.start)
    found = transfer.train(data, 3, weights, 2, seed=0, steps=20, every=20)
    recorded = recording.load("frozen_layers").get("accuracy", **setting)[0, 0]
    assert abs(found["accuracy"][0] - recorded) <= 2 / len(data.y_test)
    assert abs(found["accuracy"][0] - 1 / 3) > 0.05  # it has learned something by then
