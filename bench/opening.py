"""How long does a fresh Python take to open a demo (ours), and to import TensorFlow (the other)?"""

from __future__ import annotations

import functools
import statistics
import subprocess
import sys

from bench.measure import Row, compare, seconds

OPEN = (
    "from steadynet import demos\n"
    "from steadynet.explorer.state import state_of\n"
    "state_of(demos.{name}_demo())"
)
TENSORFLOW = "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; import tensorflow"


def rows(repeats: int) -> list[Row]:
    """Each demo in a fresh interpreter, and again in one where it has been opened before."""
    other = functools.partial(_fresh, TENSORFLOW)
    return [
        row
        for name in ("clip", "cliff")
        for row in (
            compare(
                f"{name}, fresh Python",
                functools.partial(_fresh, OPEN.format(name=name)),
                other,
                repeats,
                1.0,
                "s",
            ),
            _again(name, repeats),
        )
    ]


def _fresh(code):
    """Run code in a new interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL)


def _again(name, repeats):
    """The demo once more: what a chapter pays that shows it twice."""
    from steadynet import demos
    from steadynet.explorer.state import state_of

    def build():
        state_of(getattr(demos, f"{name}_demo")())

    build()
    taken = statistics.median(seconds(build) for _ in range(repeats))
    return Row(f"{name}, opened before", f"{1000 * taken:.3g} ms")
