"""The worker of a page's training, which for tests also runs one program on arrays by name."""

import functools
import subprocess

from steadynet.assets.view import SOURCE, find_tools

ENTRY = "page/training/worker.check.js"


@functools.lru_cache(maxsize=1)
def script() -> str:
    """Its source as one script, for `new Worker(URL.createObjectURL(new Blob([source])))`."""
    command = ["node_modules/esbuild/bin/esbuild", ENTRY, "--bundle", "--format=iife"]
    done = subprocess.run(
        [find_tools()["node"], *command], cwd=SOURCE, capture_output=True, text=True, check=True
    )
    return done.stdout
