"""How far apart do two runs come that differ in rounding only?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from steadynet.experiments.base import Experiment, Finding, Number, Point, median_and_range
from steadynet.tasks.temporal_order import BATCH_SIZE, NEVER, sequences, summarize

if TYPE_CHECKING:
    from steadynet.recording import Recording

LENGTH, LEARNING_RATE = 20, 0.2
THRESHOLDS = (0.1, 1.0, NEVER)
OTHERS = ("LiteRT", "TensorFlow, rounded")
STEPS, APART = 1000, 20
CLOSE = 1e-3  # of the weights' length: far below what a curve shows


def run(point: Point) -> dict[str, np.ndarray]:
    """One run of TensorFlow, and the same run twice more: by LiteRT, and from rounded weights."""
    from steadynet import networks, steps

    threshold, seed = point["threshold"], point["seed"]
    model = networks.recurrent_network(LENGTH, seed=seed)
    start = steps.State(model).start()
    sign = np.random.default_rng(seed).choice([-1.0, 1.0], start.size)
    rounded = np.nextafter(start, sign * np.inf, dtype="f4")
    by_tensorflow, by_litert = _tensorflow_step(model), _litert_step(model)
    original = _train(by_tensorflow, start, threshold, seed)
    twins = {
        "LiteRT": lambda: _train(by_litert, start, threshold, seed),
        "TensorFlow, rounded": lambda: _train(by_tensorflow, rounded, threshold, seed),
    }
    found = [_compare(original, twins[other]()) for other in point["other"]]
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _tensorflow_step(model):
    """TensorFlow's step: arrays in, arrays out."""
    import tensorflow as tf

    from steadynet import steps

    compiled = tf.function(steps.training_step(model, clip="global_norm"))

    def step(state, x, y, limit):
        new, measures = compiled(*(tf.constant(a) for a in (state, x, y, LEARNING_RATE, limit)))
        return new.numpy(), measures.numpy()

    return step


def _litert_step(model):
    """The same step as LiteRT takes it."""
    from steadynet import steps
    from steadynet.portable.convert import convert, spec
    from steadynet.portable.interpreter import Interpreter

    shapes = {"state": [steps.State(model).size], "x": [BATCH_SIZE, LENGTH, 6]}
    inputs = [*(spec(*item) for item in shapes.items()), spec("y", [BATCH_SIZE], "int32")]
    function = steps.training_step(model, clip="global_norm")
    names = ("state", "measures")
    program = Interpreter(convert(function, [*inputs, spec("rate"), spec("limit")], names))

    def step(state, x, y, limit):
        out = program(state=state, x=x, y=y, rate=LEARNING_RATE, limit=limit)
        return tuple(out[name] for name in names)

    return step


def _train(step, state, threshold, seed):
    """States every `APART` steps, and the measures of all steps."""
    x, y = sequences(LENGTH, STEPS, seed)
    limit = np.float32(min(threshold, np.finfo("float32").max))
    states, measured = [], []
    for k in range(STEPS):
        rows = slice(k * BATCH_SIZE, (k + 1) * BATCH_SIZE)
        state, measures = step(state, x[rows], y[rows].astype("i4"), limit)
        measured.append(measures)
        if (k + 1) % APART == 0:
            states.append(state)
    return np.array(states), np.array(measured)


def _compare(original, twin):
    """How far the twin's weights are from the original's, and what both learned."""
    (states, measures), (others, other_measures) = original, twin
    with np.errstate(over="ignore", invalid="ignore"):
        gap = np.linalg.norm(others - states, axis=1) / np.linalg.norm(states, axis=1)
    return {
        "gap": gap.astype("f4"),
        "solved_at": _solved_at(other_measures),
        "original_solved_at": _solved_at(measures),
    }


def _solved_at(measures):
    """Steps until the task was solved, as in the other experiments; NaN if it never was."""
    from steadynet.training import Record

    return summarize(Record(*np.transpose(measures)))["solved_at"]


def apart_at(recording: Recording, **point: Any) -> np.ndarray:
    """Steps until the gap passes `CLOSE`, one number a run; all steps and one if it never does."""
    gap = recording.get("gap", **point)
    beyond = ~(gap <= CLOSE)  # NaN, where a run diverged, is beyond too
    return np.where(beyond.any(-1), (beyond.argmax(-1) + 1) * APART, STEPS + 1)


def clipped_runs_stay_together(recording: Recording) -> Finding:
    """Where training is tame, a whole run is the same for every practical purpose."""
    gap = recording.get("gap", other="LiteRT", threshold=0.1)[:, -1]
    return Finding(
        f"Clipped at 0.1, LiteRT's weights after {STEPS:,} steps are TensorFlow's but for 1 %.",
        **median_and_range(100 * gap),
        unit="% of the weights' length",
        holds=bool((gap < 0.01).all()),
    )


def unclipped_runs_part(recording: Recording) -> Finding:
    """Where it is wild, rounding decides the outcome."""
    gap = recording.get("gap", other="LiteRT", threshold=NEVER)[:, -1]
    return Finding(
        f"Never clipped, the weights after {STEPS:,} steps are over half their length apart.",
        **median_and_range(gap),
        unit="times the weights' length",
        holds=bool((gap > 0.5).all()),
    )


def litert_is_not_to_blame(recording: Recording) -> Finding:
    """TensorFlow parts from itself as soon."""
    ours, theirs = (apart_at(recording, other=other, threshold=NEVER) for other in OTHERS)
    return Finding(
        "Never clipped, LiteRT stays with TensorFlow at least half as long as TensorFlow with "
        "itself from rounded weights.",
        **median_and_range(ours / theirs),
        unit="times the steps",
        holds=bool((ours / theirs >= 0.5).all()),
    )


def outcome_is_the_same(recording: Recording) -> Finding:
    """Both solve the task, at the same step or nearly."""
    at = {"other": "LiteRT", "threshold": 1.0}
    ours, theirs = (recording.get(name, **at) for name in ("solved_at", "original_solved_at"))
    apart = np.abs(ours - theirs)
    return Finding(
        "Clipped at 1, LiteRT and TensorFlow solve the task within 50 steps of each other.",
        **median_and_range(apart),
        unit="steps",
        holds=bool((apart <= 50).all()),
    )


def numbers(recording: Recording) -> dict[str, Number]:
    """What the chapters say of the recording."""
    gaps = {t: np.median(recording.get("gap", other="LiteRT", threshold=t), 0) for t in THRESHOLDS}
    after_100, at_end = 100 * gaps[NEVER][100 // APART - 1], 100 * gaps[1.0][-1]
    parted = apart_at(recording, other="LiteRT", threshold=NEVER)
    return {
        **clipped_runs_stay_together(recording).said("together", (0, 1)),
        **unclipped_runs_part(recording).said("apart", (0.5, 5)),
        **litert_is_not_to_blame(recording).said("self", (0.5, 2)),
        **outcome_is_the_same(recording).said("solved", (0, 50)),
        "apart-100": Number(after_100, (10, 100), "% of length apart after 100 steps, unclipped"),
        "apart-at-1": Number(at_end, (1, 30), "% of length apart at the end, clipped at 1"),
        # Before the hundred steps of which the text says how far apart they are by then.
        "parted-low": Number(parted.min(), (1, 99), "steps until the soonest seed has parted"),
        "parted-high": Number(parted.max(), (1, 99), "steps until the latest seed has parted"),
        "drift-steps": Number(STEPS, (1000, 1000), "steps of every run"),
    }


EXPERIMENT = Experiment(
    name="rounding",
    question="How far apart do two runs come that differ in rounding only?",
    axes={"other": OTHERS, "threshold": THRESHOLDS, "seed": (0, 1, 2, 3, 4)},
    together=("other",),
    run=run,
    arrays={
        "gap": "distance of the weights from TensorFlow's, over their length, every 20 steps: "
        "[moment]",
        "solved_at": "steps until the last 50 steps' mean accuracy reaches 95 %; NaN if never",
        "original_solved_at": "the same for TensorFlow's own run",
    },
    findings=(
        clipped_runs_stay_together,
        unclipped_runs_part,
        litert_is_not_to_blame,
        outcome_is_the_same,
    ),
    numbers=numbers,
)
