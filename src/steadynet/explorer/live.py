"""Training in a kernel at the reader's setting, on a seed that was not recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

__all__ = ["LIVE_SEED", "Live"]

LIVE_SEED = 5  # not among the recorded ones: one more seed to compare with


class Live:
    """How a kernel trains what was recorded; `Demo` takes its `train` and `prepare`.

    Parameters
    ----------
    run : callable
        ``run(setting, report) -> words``: trains with `LIVE_SEED`, reports on the way, and says how
        it ended, such as "82 % of test pictures right".
    warm_up : callable
        Takes nothing and returns a generator that imports and compiles what `run` needs, a piece
        before each ``yield``, what the reader asks for first to begin with.

    Examples
    --------
    >>> live = Live(lambda setting, report: f"{setting['rate']} it was", lambda: iter(()))
    >>> live.train({"rate": 0.1}, report=print)
    'Seed 5, trained here: 0.1 it was.'
    """

    def __init__(
        self,
        run: Callable[[dict[str, Any], Callable[..., Any]], str],
        warm_up: Callable[[], Generator[None, None, None]],
    ) -> None:
        self._run, self._warm_up = run, warm_up
        # All explorers of a kernel share the networks: one that is shown twice has two threads at
        # work.
        self._one_at_a_time = threading.Lock()

    def prepare(self) -> Generator[None, None, None]:
        """Import and compile, a piece at a time: between two of them a training may come in."""
        pieces = self._warm_up()
        while True:
            with self._one_at_a_time:
                if next(pieces, self) is self:
                    return
            yield

    def train(self, setting: dict[str, Any], report: Callable[..., Any]) -> str:
        """Train the network of the recording at one setting.

        Parameters
        ----------
        setting : dict
            Values of the controls.
        report : callable
            Called with the panels' arrays so far and the share of steps done. What it raises ends
            the run.

        Returns
        -------
        str
            The outcome in words.
        """
        with self._one_at_a_time:
            ended = self._run(setting, report)
        return f"Seed {LIVE_SEED}, trained here: {ended}."
