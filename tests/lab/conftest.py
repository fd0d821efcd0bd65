"""A JupyterLab of the tests' own, on a copy of the chapters."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: where it listens, its key, and the folder that it shows."""

    base: str
    token: str
    folder: Path

    def url(self, chapter: str) -> str:
        """Address that opens a chapter, alone in the window."""
        return f"{self.base}/doc/tree/{chapter}?token={self.token}&reset"


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on 127.0.0.1 with the settings of `make lab`, nobody's own; stopped at the end."""
    home = tmp_path_factory.mktemp("lab")
    folder = Path(shutil.copytree(ROOT / "chapters", home / "chapters"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), folder)
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": running.token,
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser"]
    command += [f"--{name}={value}" for name, value in options.items()]
    own = {"HOME": str(home), "JUPYTER_CONFIG_PATH": str(ROOT / "jupyter")}
    with (home / "log.txt").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        try:
            _wait(running, process, home / "log.txt")
            yield running
        finally:
            process.terminate()
            process.wait(timeout=300)


def _wait(running, process, log, seconds=300):
    """Return once the server answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(
                f"{running.base}/api/status?token={running.token}", timeout=60
            ):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")
