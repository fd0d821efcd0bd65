"""How numbers, budgets and times are written."""

from __future__ import annotations

import math

from steadynet.notebook import as_power

MINUS = "−"
DIGITS = 3  # of the largest number in a row


def row(*values: float) -> list[str]:
    """Write numbers that are read side by side with the same number of decimals.

    >>> row(-26.9, -37.3333, 1.5), row(8638, 7230, 10321), row(1.754e-5, 0, math.inf)
    (['−26.9', '−37.3', '1.5'], ['8,638', '7,230', '10,321'], ['1.75 × 10⁻⁵', '0', '∞'])
    """
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    size = math.floor(math.log10(largest)) if largest else 0
    whole = all(v == round(v) for v in values if math.isfinite(v))
    decimals = 0 if whole else max(0, DIGITS - 1 - size)
    far = largest > 0 and not -4 < size < 6
    return [_number(value, None if far else decimals) for value in values]


def number(value: float) -> str:
    """Write one number that was chosen, as people do.

    >>> [number(value) for value in (10.0, -0.25, 2000, 0)]
    ['10', '−0.25', '2,000', '0']
    """
    return _signed(value, f"{abs(value):,.6g}")


def _number(value: float, decimals: int | None) -> str:
    """One number with so many decimals; None for a power of ten."""
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return _signed(value, "∞")
    if decimals is None:
        return _signed(value, as_power(abs(value), DIGITS) if value else "0")
    said = f"{abs(value):,.{decimals}f}"
    return said if float(said.replace(",", "")) == 0 else _signed(value, said)


def _signed(value: float, said: str) -> str:
    """With the typographer's minus before what is below zero."""
    return MINUS + said if value < 0 else said


def steps(budget: int | None) -> str:
    """A budget in words.

    >>> steps(2000), steps(None)
    ('2,000 steps', '')
    """
    return "" if budget is None else f"{budget:,} steps"


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(52.3), duration(662), duration(9000)
    ('52 seconds', '11 minutes', '2.5 hours')
    """
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 6000 else f"{seconds / 3600:.1f} hours"
