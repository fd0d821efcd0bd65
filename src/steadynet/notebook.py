"""What a chapter does before its first line: the book's style, TensorFlow without log lines."""

from __future__ import annotations

import importlib
import sys

from steadynet._quiet import quiet_tensorflow, silent_stderr

__all__ = ["as_power", "glue", "glue_claim", "glued", "prepare"]

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


def glue(name: str, value) -> None:
    """Keep a number or words under a name, for the chapter's text.

    Parameters
    ----------
    name : str
        As `glued` asks for it.
    value : float, int or str
        What was measured, or how it is said.
    """
    import myst_nb

    _GLUED[name] = value
    myst_nb.glue(name, value, display=False)


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


def glue_claim(name: str, claim) -> None:
    """Make a claim's effect and spread available to the chapter's text.

    Parameters
    ----------
    name : str
        The numbers are glued as ``<name>-effect``, ``<name>-low`` and ``<name>-high``.
    claim : steadynet.experiments.Claim
        What was measured.
    """
    for part in ("effect", "low", "high"):
        glue(f"{name}-{part}", getattr(claim, part))
