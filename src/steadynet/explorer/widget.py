"""The explorer as a Jupyter widget: the recorded tier at once, the kernel tier on a move."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable
from typing import Any

import anywidget
import numpy as np
import traitlets as t

from steadynet._stamp import BUILT
from steadynet.explorer.demo import Demo
from steadynet.explorer.state import as_text, state_of
from steadynet.explorer.worker import Worker

STATIC = BUILT / "view"
MIME = "application/vnd.steadynet.explorer+json"


class NotBuiltError(FileNotFoundError):
    """The view has not been bundled yet.

    Examples
    --------
    >>> from unittest import mock
    >>> with mock.patch(f"{__name__}.STATIC", pathlib.Path("where", "nothing", "is")):
    ...     view_source()
    Traceback (most recent call last):
    steadynet.explorer.widget.NotBuiltError: The explorers' view is not built: run `make assets`.
    """


class Explorer(anywidget.AnyWidget):
    """Change a control and see what happens.

    Parameters
    ----------
    demo : Demo
        What can be changed, what is seen, and what was recorded at every setting. Where it has
        `train`, moving a control in Jupyter trains for real: ``train(setting, report)`` gets the
        controls' values by name, calls ``report(arrays so far, progress)`` now and then — which
        raises `Cancelled` when a newer move came — and returns the outcome in words.

    Raises
    ------
    NotBuiltError
        If the JavaScript view has not been bundled.

    Examples
    --------
    As the last expression of a cell, ``Explorer(demo)`` shows itself. Without a view:

    >>> from steadynet.explorer import Control, Panel, Table
    >>> def train(setting, report):
    ...     report({"loss": [1.0, setting["rate"]]}, 1.0)
    ...     return f"Trained at {setting['rate']}."
    >>> rate, panels = Control("rate", "Learning rate", (0.1, 0.5)), [Panel(title="Loss")]
    >>> ended = Table((), ("Trained.",))
    >>> demo = Demo("toy", "Toy", "Which rate?", [rate], panels, {}, ended, train=train)
    >>> outcome, arrays = Explorer(demo).train(rate=0.5)
    >>> outcome, arrays["loss"].tolist()
    ('Trained at 0.5.', [1.0, 0.5])
    """

    _esm = t.Unicode().tag(sync=True)
    state = t.Dict().tag(sync=True)

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.setting = demo.complete({})
        self._worker = Worker(demo.train, self.send, demo.prepare) if demo.train else None
        super().__init__(state=state_of(demo), _esm=view_source())
        self.on_msg(self._receive)

    def train(
        self, on_report: Callable[..., Any] | None = None, **setting: Any
    ) -> tuple[str, dict[str, Any]]:
        """Train here and now, without a view.

        Parameters
        ----------
        on_report : callable, optional
            Called with what `train` reports: arrays so far, progress.
        **setting
            Values of controls; the default for those not named.

        Returns
        -------
        outcome : str
        arrays : dict of str to array
            As last reported.
        """
        if self.demo.train is None:
            raise ValueError("`demo` must have `train`. Received: None")
        last: dict[str, np.ndarray] = {}

        def report(arrays: dict[str, Any], progress: float) -> None:
            last.update({name: np.array(values) for name, values in arrays.items()})
            if on_report is not None:
                on_report(arrays, progress)

        return self.demo.train(self.demo.complete(setting), report), last

    def close(self) -> None:
        """End the work and take the explorer off the page."""
        worker = getattr(self, "_worker", None)
        if worker is not None:
            worker.stop()
        super().close()

    def _receive(self, _: Any, message: dict[str, Any], _buffers: list[Any]) -> None:
        """Answer the view."""
        kind = message.get("kind")
        if kind == "ping":
            self.send({"kind": "pong", "live": self._worker is not None})
            if self._worker is not None:
                self._worker.warm_up()
        elif self._worker is not None and kind == "train":
            index = message["setting"]
            self.setting = {c.name: c.values[index[c.name]] for c in self.demo.controls}
            self._worker.request(message["run"], dict(self.setting))
        elif self._worker is not None and kind == "stop":
            self._worker.stop()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget for Jupyter, its data for a static page, a figure and words for the rest."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        if data is None:
            return None
        demo = self.demo
        summary = f"{demo.title}. {demo.outcome.at(demo.controls, demo.complete({}))}"
        fallback = demo.fallback() if demo.fallback else ""
        static = {
            "state": as_text(self.state),
            "fallback": fallback,
            "alt": demo.alt or summary,
            "summary": summary,
            "training": demo.name if demo.in_page else "",
        }
        extra = {MIME: static, "text/plain": summary}
        return {
            **data,
            **extra,
            **({"image/svg+xml": fallback} if fallback else {}),
        }, metadata


def view_source() -> str:
    """The bundled view, read anew when it was built anew."""
    path = STATIC / "explorer.mjs"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise NotBuiltError("The explorers' view is not built: run `make assets`.") from error


@functools.lru_cache(maxsize=1)
def _read(path: pathlib.Path, _modified: int) -> str:
    """A file's text, once per time of change."""
    return path.read_text(encoding="utf-8")
