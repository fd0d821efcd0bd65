"""What a chapter does before its first line: the book's style, TensorFlow without log lines."""

from __future__ import annotations

import importlib
import math
import sys

from steadynet import experiments, recording
from steadynet._quiet import quiet_tensorflow, silent_stderr

__all__ = ["as_power", "glue", "glue_experiment", "glued", "prepare"]

_GLUED: dict[str, object] = {}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def prepare() -> None:
    """Set the figures' style and import TensorFlow quietly.

    TensorFlow writes lines about its build to the process's error stream while it is imported, at
    every log level; a notebook would show them as a red box. What it logs later is off as well,
    unless ``TF_CPP_MIN_LOG_LEVEL`` says otherwise.

    Examples
    --------
    >>> prepare()
    """
    from steadynet import figures

    figures.use_style()
    quiet_tensorflow()
    if "tensorflow" not in sys.modules:
        with silent_stderr():
            importlib.import_module("tensorflow")


def as_power(value: float, digits: int = 2) -> str:
    """Write a number far from 1 as people do: 2.1 × 10⁷.

    Parameters
    ----------
    value : float
        Positive and finite.
    digits : int
        Significant digits.

    Returns
    -------
    str

    Examples
    --------
    >>> as_power(21_020_000), as_power(1.754e-05)
    ('2.1 × 10⁷', '1.8 × 10⁻⁵')
    """
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def glue(
    name: str, value: float | str, within: tuple[float, float] = (-math.inf, math.inf)
) -> None:
    """Keep a number or words under a name, for the chapter's text.

    Parameters
    ----------
    name : str
        As `glued` asks for it.
    value : float, int or str
        What was measured, or how it is said.
    within : tuple of float
        Smallest and largest number with which the words around it are true. Any by default.

    Raises
    ------
    ValueError
        If a number lies outside, so that the chapter would say something wrong.

    Examples
    --------
    >>> glue("share", 41.7, within=(0, 50))
    """
    import myst_nb

    if not isinstance(value, str) and not within[0] <= value <= within[1]:
        raise ValueError(f"`{name}` must lie within {within} to be said. Received: {value}")
    _GLUED[name] = value
    myst_nb.glue(name, value, display=False)


def glue_experiment(name: str) -> recording.Recording:
    """Keep everything that chapters say of an experiment's recording.

    Parameters
    ----------
    name : str
        Name of the experiment, whose ``numbers`` are kept under their names.

    Returns
    -------
    Recording
        What the numbers are of.

    Examples
    --------
    >>> recorded = glue_experiment("sequence_length")
    >>> glued("longest-clipped")
    '30'
    """
    recorded = recording.load(name)
    for each, number in experiments.get(name).numbers(recorded).items():
        glue(each, as_power(number.value) if number.power else number.value)
    return recorded


def glued(name: str, form: str = "") -> str:
    """Write what was glued under a name; a chapter's text calls this in JupyterLab.

    Parameters
    ----------
    name : str
        Given to `glue` in a cell that has been run.
    form : str
        Format of a number, such as ".1f". As it is by default.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If nothing was glued under that name yet.

    Examples
    --------
    >>> glue("share", 41.7)
    >>> glued("share", ".0f")
    '42'
    """
    if name not in _GLUED:
        raise KeyError(f"`name` must be glued in a cell that was run. Received: {name!r}")
    return format(_GLUED[name], form)
