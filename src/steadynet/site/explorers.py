"""Put explorers on a page that has no kernel: the figure first, the data in a file of its own."""

import hashlib
import json
import re
import shutil
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.osutil import relative_uri

from steadynet._stamp import BUILT
from steadynet.site import in_page

EXPLORER = "application/vnd.steadynet.explorer+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
FOLDER = "_static/steadynet"
VIEW = BUILT / "view" / "explorer-page.js"
LICENCES = VIEW.with_name("explorer-licences.txt")  # of what others wrote in it
HTML = """<div class="steadynet-explorer" data-state="{key}" data-src="{script}"{training}>
<figure class="steadynet-fallback">
{picture}<figcaption>{summary}</figcaption>
</figure>
</div>
"""
PICTURE = '<img src="{0}.svg" alt="{1}" loading="lazy"/>\n'


def setup(app):
    """Register the node, the view's script, and the removal of MyST-NB's own widget state."""
    app.add_node(ExplorerNode, html=(write_explorer, None))
    app.connect("config-inited", serve_view)
    app.connect("html-page-context", choose_scripts, priority=800)
    app.connect("build-finished", drop_old_files)


class ExplorerNode(nodes.General, nodes.Element):
    """In the document tree: `key`, `folder`, `drawn`, `alt`, `summary`, `training`."""


class ExplorerRenderer:
    """MyST-NB's renderer of explorers, and of the alternative text that a run gives its picture."""

    mime_priority_overrides = tuple((name, EXPLORER, 1) for name in ("html", "dirhtml"))

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Nodes of one output, or None for MyST-NB to take it."""
        if data.mime_type == WIDGET_VIEW:
            return []
        if data.mime_type == EXPLORER:
            return [] if inline else [explorer_node(data.content, renderer.config.output_folder)]
        alt = data.output_metadata.get("alt")
        if data.mime_type.startswith("image/") and alt:
            pictures = renderer.render_image_inline(data) if inline else renderer.render_image(data)
            for picture in pictures:
                picture["alt"] = alt
            return pictures
        return None


def explorer_node(content, output_folder):
    """Keep the explorer's data and figure beside the executed chapters; return its node."""
    state = json.dumps(content["state"], separators=(",", ":"), sort_keys=True)
    key = hashlib.sha256((state + content["fallback"]).encode()).hexdigest()[:16]
    folder = Path(output_folder, "steadynet")
    folder.mkdir(parents=True, exist_ok=True)
    # A script rather than JSON: a page opened from a file may load scripts, but fetch nothing.
    script = f'steadynet.define("{key}", {state});\n'
    (folder / f"{key}.js").write_text(script, encoding="utf8")
    (folder / f"{key}.svg").write_text(content["fallback"], encoding="utf8")
    texts = {name: content.get(name, "") for name in ("alt", "summary", "training")}
    return ExplorerNode(key=key, folder=str(folder), drawn=bool(content["fallback"]), **texts)


def write_explorer(self, node):
    """Write the explorer's place in the page, and bring its files to the site."""
    out = Path(self.builder.outdir, FOLDER)
    out.mkdir(parents=True, exist_ok=True)
    endings = ("js", "svg") if node["drawn"] else ("js",)
    for file in (f"{node['key']}.{ending}" for ending in endings):
        shutil.copyfile(Path(node["folder"], file), out / file)
    page = self.builder.get_target_uri(self.builder.current_docname)
    base = relative_uri(page, f"{FOLDER}/{node['key']}")
    picture = PICTURE.format(base, escape(node["alt"])) if node["drawn"] else ""
    plan = relative_uri(page, in_page.address(node["training"])) if node["training"] else ""
    texts = {
        "picture": picture,
        "summary": escape(node["summary"]),
        "training": f' data-training="{plan}"' if plan else "",
    }
    self.body.append(HTML.format(key=node["key"], script=f"{base}.js", **texts))
    raise nodes.SkipNode


def serve_view(app, config):
    """Serve the view's script, once built; and load no widget manager."""
    config.nb_ipywidgets_js = {}
    there = [str(path) for path in (VIEW, LICENCES) if path.is_file()]
    config.html_static_path = [*config.html_static_path, *there]


def choose_scripts(app, pagename, template, context, doctree):
    """Load the view where there is an explorer; embed no widget state anywhere."""
    scripts = context["script_files"]
    types = [getattr(script, "attributes", {}).get("type") for script in scripts]
    # In place: what is added below goes to the same list.
    scripts[:] = [each for each, type_ in zip(scripts, types, strict=True) if type_ != WIDGET_STATE]
    if doctree is not None and next(doctree.findall(ExplorerNode), None) is not None:
        if not VIEW.is_file():
            raise ExtensionError("The explorers' view is not built: run `make assets`.")
        app.add_js_file(VIEW.name, loading_method="defer")


def drop_old_files(app, error):
    """Delete data and figures of explorers that no page shows any longer."""
    out, keys = Path(app.outdir), set()
    if error or not (out / FOLDER).is_dir():
        return
    for page in out.rglob("*.html"):
        keys |= set(re.findall(r'data-state="(\w+)"', page.read_text(encoding="utf8")))
    for path in (out / FOLDER).iterdir():
        if path.is_file() and path.stem not in keys:
            path.unlink()
