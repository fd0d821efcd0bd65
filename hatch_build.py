"""A package is whole or is not made: explorers need their view, and pages what they train with."""

import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WholePackage(BuildHookInterface):
    """Bundle the view where it is stale; end where something would be missing or old."""

    def initialize(self, version, build_data):  # noqa: ARG002 - hatchling's signature
        """See that all is there before files are collected; an installation in place needs none."""
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "src")))
        from steadynet.assets import notes, view  # the two need Python alone

        try:
            view.bundle()
        except view.BundleError as error:
            self.app.abort(f"No package without the explorers' view: run `make assets`. {error}")
        if old := notes.stale():
            self.app.abort(
                "No package without today's programs for training in a page: run `make assets`. "
                f"Missing or old: {', '.join(old)}"
            )
