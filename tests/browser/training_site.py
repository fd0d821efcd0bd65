"""A site with an explorer that trains in the page, served and watched."""

import http.server
import json
import pathlib
import shutil
import threading
from functools import partial

from browser import tiny_training

HOST = (
    '<div class="steadynet-explorer" data-state="tiny" data-src="tiny.js"'
    ' data-training="training/tiny.json"><p>Figure</p></div>'
)


class TrainingSite:
    """A folder, the address it is served at, and what was `sent` from it: (path, status, bytes).

    Clear `gate` to serve no more than one half of a packed file until it is set again.
    """

    def __init__(self, folder, bundles, page, state):
        self.folder, self.sent, self.gate = pathlib.Path(folder), [], threading.Event()
        self.gate.set()
        shutil.copytree(bundles / "training", self.folder / "training")
        shutil.copyfile(bundles / "explorer-page.js", self.folder / "explorer-page.js")
        (self.folder / "tiny.js").write_text(f'steadynet.define("tiny", {json.dumps(state)});')
        (self.folder / "index.html").write_text(page.replace("{}", HOST))
        runtime = json.loads((self.folder / "training/runtime.json").read_text())
        self.plan = tiny_training.write_plan(self.folder / "training", runtime)
        handler = partial(_Handler, self, directory=str(self.folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self):
        """Stop serving."""
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def change_plan(self, **changes):
        """Write the plan anew, some of it replaced."""
        self.plan |= changes
        (self.folder / "training/tiny.json").write_text(json.dumps(self.plan))

    def program(self, limit):
        """The path of the training step for a clip threshold."""
        return self.folder / "training" / self.plan["pick"]["step"]["entries"][limit]

    def trained_bytes(self):
        """Bytes of the training that were sent so far, the plan not counted."""
        of = [size for path, _, size in self.sent if path.startswith("/training/")]
        plans = [size for path, _, size in self.sent if path.endswith("tiny.json")]
        return sum(of) - sum(plans)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and notes what it sent."""

    def __init__(self, site, *args, **kwargs):
        self._site, self._status = site, 0
        super().__init__(*args, **kwargs)

    def send_response(self, code, message=None):
        self._status = code
        super().send_response(code, message)
        if code != 200:
            self._site.sent.append((self.path, code, 0))

    def copyfile(self, source, outputfile):
        content = source.read()
        if self._status == 200:
            self._site.sent.append((self.path, 200, len(content)))
        half = len(content) // 2 if self.path.endswith(".bin") else 0
        try:
            outputfile.write(content[:half])
            if half:
                self._site.gate.wait()
            outputfile.write(content[half:])
        except OSError:
            return  # the browser left

    def log_message(self, *_):
        """Nothing: `sent` has it."""
