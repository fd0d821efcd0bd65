"""Training on request in one background thread, where only the newest request counts."""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from typing import Any

import numpy as np

INTERVAL = 0.05  # seconds between live messages: twenty a second look continuous


class Cancelled(Exception):  # noqa: N818 - not an error, an agreed end
    """Raised by `report` when a newer request, a stop or a close made this run obsolete.

    Examples
    --------
    >>> worker = Worker(train=lambda setting, report: "done", send=print)
    >>> report = Report(worker, generation=0, run=1)
    >>> worker.stop()
    >>> report({"loss": [0.7]}, progress=0.5)
    Traceback (most recent call last):
    steadynet.explorer.worker.Cancelled
    """


class Worker:
    """Run ``train(setting, report)`` for the newest request, one run at a time.

    Parameters
    ----------
    train : callable
        ``train(setting, report) -> outcome in words``.
    send : callable
        ``send(message, buffers)``: where live, done and error messages go.
    prepare : callable, optional
        Takes nothing; called once before the first training, to import and compile. Where it is a
        generator, a request is served at its next ``yield``, and the rest is prepared afterwards.

    Notes
    -----
    A request raises the generation. `report` compares its own with the newest and raises
    `Cancelled` when it is older, so a run ends at its next report; the newer one waits for that.
    The thread lives while there is work.
    """

    def __init__(
        self,
        train: Callable[..., Any],
        send: Callable[[dict[str, Any], list[Any]], None],
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self._train, self._send, self._prepare = train, send, prepare
        self._lock = threading.Lock()
        self._generation = 0
        self._next: tuple[int, Any, dict[str, Any]] | None = None
        self._rest: Generator[Any, None, None] | None = None  # what is left to prepare
        self._thread: threading.Thread | None = None

    def request(self, run: Any, setting: dict[str, Any]) -> None:
        """Train at `setting`, ending what runs now; messages carry `run` back."""
        with self._lock:
            self._generation += 1
            self._next = (self._generation, run, setting)
            self._start()

    def warm_up(self) -> None:
        """Prepare in the background, so that the first training starts at once."""
        with self._lock:
            if self._prepare is not None:
                self._start()

    def stop(self) -> None:
        """End what runs at its next report, and forget what waits."""
        with self._lock:
            self._generation += 1
            self._next = self._rest = None

    def is_newest(self, generation: int) -> bool:
        """Whether no newer request, stop or close came."""
        return generation == self._generation

    def _start(self) -> None:
        """Have a thread at work; the caller holds the lock."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="explorer", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """Prepare, and take requests until there is none."""
        prepare, self._prepare = self._prepare, None
        if prepare is not None:
            # What fails here fails again in the training it prepares, and the view is told there.
            with contextlib.suppress(Exception):
                found = prepare()
                if isinstance(found, Generator):
                    self._rest = self._advanced(found)
        while True:
            with self._lock:
                job, self._next = self._next, None
                rest = self._rest
                if job is None and rest is None:
                    self._thread = None
                    return
            if job is not None:
                self._run(*job)
            elif rest is not None:
                left = self._advanced(rest)
                with self._lock:
                    self._rest = left if self._rest is rest else None

    def _advanced(self, rest: Generator[Any, None, None]) -> Generator[Any, None, None] | None:
        """The generator after one more piece of preparation; None once it has ended."""
        with contextlib.suppress(Exception):
            next(rest)
            return rest
        return None

    def _run(self, generation: int, run: Any, setting: dict[str, Any]) -> None:
        """One training; whatever it raises is told to the view, never lost in a log."""
        report = Report(self, generation, run)
        try:
            outcome = self._train(setting, report)
            report.flush()
            self._tell(generation, {"kind": "done", "run": run, "outcome": str(outcome)})
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader is told
            text = f"{type(error).__name__}: {error}"
            message = {
                "kind": "error",
                "run": run,
                "text": text,
                "trace": traceback.format_exc(),
            }
            self._tell(generation, message)

    def _tell(
        self, generation: int, message: dict[str, Any], buffers: list[Any] | None = None
    ) -> None:
        """Send, unless something newer came."""
        if self.is_newest(generation):
            self._send(message, buffers or [])


class Report:
    """What `train` calls with the arrays so far; it sends at most twenty messages a second."""

    def __init__(self, worker: Worker, generation: int, run: Any) -> None:
        self._worker, self._generation, self._run = worker, generation, run
        self._sent = -np.inf
        self._held: tuple[Mapping[str, Any], float] | None = None

    def __call__(self, arrays: Mapping[str, Any], progress: float) -> None:
        """Show the run so far.

        Parameters
        ----------
        arrays : mapping of str to array
            Names as in the demo's panels, without the dimensions of the controls: a curve so
            far, counts of the bins, steps of a path.
        progress : float
            Share of the training that is done.

        Raises
        ------
        Cancelled
            If this run is no longer the newest.
        """
        if not self._worker.is_newest(self._generation):
            raise Cancelled
        self._held = (arrays, float(progress))
        if time.monotonic() - self._sent >= INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held is None:
            return
        (arrays, progress), self._held = self._held, None
        heads, buffers = [], []
        for name, values in arrays.items():
            numbers = np.ascontiguousarray(values, dtype="<f4")
            heads.append({"name": name, "shape": list(numbers.shape)})
            buffers.append(numbers.tobytes())
        message = {
            "kind": "live",
            "run": self._run,
            "progress": progress,
            "arrays": heads,
        }
        self._worker._tell(self._generation, message, buffers)
        self._sent = time.monotonic()
