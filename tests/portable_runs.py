"""TensorFlow's own runs at settings that a page can train: the reference for programs."""

import functools

import numpy as np
import tensorflow as tf

from steadynet import demos
from steadynet.assets.built import Built
from steadynet.demos.plans import PLANS

DEMOS = {name: functools.partial(demos.load, name) for name in PLANS}


class Reference:
    """TensorFlow at one setting, on the data of the site."""

    def __init__(self, name, **setting):
        demo = DEMOS[name]()
        self.built, self.setting = Built(demo), demo.complete(setting)
        self.model, step, self.start, knobs = self.built.tensorflow(**self.setting)
        self._step = tf.function(step)
        self.knobs = {name: np.float32(value) for name, value in knobs.items()}

    def step(self, state, x, y):
        """New state and measures."""
        tensors = (tf.constant(a) for a in (state, x, y, *self.knobs.values()))
        return tuple(t.numpy() for t in self._step(*tensors))

    def weights(self, state):
        """The model's weights out of a state."""
        shapes = [v.shape for v in self.model.weights]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        parts = np.split(state[: ends[-1]], ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def run(self, moments):
        """State, batch, new state and measures at some steps of a run."""
        state = self.start
        for k, (x, y) in enumerate(self.built.batches(**self.setting)):
            new, measures = self.step(state, x, y)
            if k in moments:
                yield {"state": state, "x": x, "y": y, **self.knobs}, new, measures
            if k == max(moments) or not np.isfinite(new).all():
                return
            state = new
