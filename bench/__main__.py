"""Print the answers as Markdown tables."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import importlib.metadata
import os
import platform

from bench.measure import Row

NAMES = ("loop", "sweep", "clipping", "opening", "pages", "in_page")


def table(rows: list[Row]) -> str:
    """Rows under the head that suits them."""
    compared = any(row.ratios for row in rows)
    head = ["what", "ours", "the other", "times", "range"] if compared else ["what", "size"]
    lines = [row.cells() if compared else row.cells()[:2] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def machine() -> str:
    """Where and with what this was measured."""
    packages = ("tensorflow", "keras", "numpy")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    when = dt.datetime.now(dt.timezone.utc).date().isoformat()
    return f"{when}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}."


def main() -> None:
    """Answer the questions named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="question", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--repeats", type=int, default=5, help="of each measurement")
    chosen = parser.parse_args()
    if chosen.repeats < 1 or not set(chosen.names) <= set(NAMES):
        parser.error(f"there are the questions {', '.join(NAMES)}, and at least 1 repeat")
    print(machine(), f"Median of {chosen.repeats} alternating runs, with the smallest and largest.")
    for name in chosen.names or NAMES:
        module = importlib.import_module(f"bench.{name}")
        print(f"\n{module.__doc__.strip()}\n\n{table(module.rows(chosen.repeats))}", flush=True)


if __name__ == "__main__":
    main()
