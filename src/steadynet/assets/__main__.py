"""Make what is stale: ``python -m steadynet.assets``, with ``--force`` all of it."""

import sys

from steadynet.assets import programs, view
from steadynet.demos.plans import PLANS


def main(*, force: bool = False) -> None:
    """Bundle the view, then convert the programs; one line tells of each.

    Parameters
    ----------
    force : bool
        Make what is up to date as well.
    """
    try:
        bundled = view.bundle(force)
    except view.BundleError as error:
        sys.exit(str(error))
    print(f"view of the explorers: {'bundled' if bundled else 'up to date'}", flush=True)
    converted = programs.convert(PLANS, force=force)
    print(f"programs for training in a page: {', '.join(converted) or 'up to date'}")


if __name__ == "__main__":
    main(force="--force" in sys.argv[1:])
