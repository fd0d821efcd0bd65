"""Run a script of ``package.json`` with all packages installed: ``python js/check.py lint``."""

import os
import subprocess
import sys
from pathlib import Path

from steadynet.assets import view


def run(script: str) -> int:
    """Run it by the machine's node or the wheel's; its exit status."""
    view.install(checkers=True)
    tools = view.find_tools()
    path = os.pathsep.join([str(Path(tools["node"]).parent), os.environ["PATH"]])
    command = [*tools["npm"], "run", "--silent", script]
    done = subprocess.run(command, cwd=view.SOURCE, env={**os.environ, "PATH": path}, check=False)
    return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(max(run(script) for script in sys.argv[1:]))
    except view.BundleError as error:
        sys.exit(str(error))
