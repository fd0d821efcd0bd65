"""Execute a chapter again when what it imports changed; keep nothing stale in the built site."""

import shutil
from pathlib import Path
from typing import Any

from myst_nb.core.read import create_nb_reader
from sphinx.application import Sphinx

from steadynet._stamp import PACKAGE, files_used, stamp, versions
from steadynet.site import formulas


def setup(app):
    """Register the events that compare digests with those of the last build."""
    app.add_config_value("steadynet_site_digest", "", "env")
    app.add_config_value("steadynet_assets_digest", "", "html")
    app.connect("config-inited", note_digests)
    app.connect("env-get-outdated", outdated_chapters)
    app.connect("source-read", choose_cache)
    app.connect("env-purge-doc", lambda _, env, name: _digests(env).pop(name, None))
    app.connect("build-finished", prune, priority=100)


def note_digests(app, config):
    """Let Sphinx read all again after a change here, and write all again after one in assets."""
    here = Path(__file__).parent
    config.steadynet_site_digest = stamp(here.rglob("*.py"), here, _stamp_below(formulas.TYPESET))
    served = [Path(app.confdir or app.srcdir, entry) for entry in config.html_static_path]
    served += [Path(app.srcdir, name) for name in (config.html_logo, config.html_favicon) if name]
    config.steadynet_assets_digest = stamp([], here, *map(_stamp_below, served))


def _stamp_below(entry: Path) -> str:
    """Stamp of a file, or of all files in a folder."""
    return stamp((p for p in (entry, *entry.rglob("*")) if p.is_file()), entry.parent)


def outdated_chapters(app, env, added, changed, removed):
    """Chapters whose code would no longer give what the last build read."""
    known = {name: value for name, value in _digests(env).items() if name in env.found_docs}
    return [name for name, value in known.items() if value != _chapter_digest(app, name)]


def choose_cache(app, docname, source):
    """Give each state of the imported code its own cache: a notebook's key sees its cells only."""
    digest = _digests(app.env)[docname] = _chapter_digest(app, docname, source[0])
    folder = _cache(app) / digest
    app.env.mystnb_config = app.env.mystnb_config.copy(execution_cache_path=str(folder))


def prune(app, error):
    """Delete pages, pictures and cached runs that no chapter stands for any longer."""
    if error or app.builder.format != "html":
        return
    out, env = Path(app.outdir), app.env
    pages = {app.builder.get_target_uri(name) for name in env.found_docs}
    pages |= {"index.html", "genindex.html", "search.html"}
    images = {name for _, name in env.images.values()}
    for path in [*out.rglob("*.html"), *out.glob("_images/*")]:
        kept = path.name in images if path.parent.name == "_images" else None
        if kept is False or (kept is None and path.relative_to(out).as_posix() not in pages):
            path.unlink()
    for folder in _cache(app).glob("*"):
        if folder.is_dir() and folder.name not in _digests(env).values():
            shutil.rmtree(folder)


def _cache(app: Sphinx) -> Path:
    """Folder of all caches."""
    return Path(app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")


def _digests(env: Any) -> dict[str, str]:
    """Digest by chapter, kept with the environment from build to build."""
    if not hasattr(env, "steadynet_digests"):
        env.steadynet_digests = {}
    return env.steadynet_digests


def _chapter_digest(app: Any, docname: str, text: str | None = None) -> str:
    """Digest of all that a chapter's results depend on beside its own cells."""
    env, path = app.env, app.env.doc2path(docname)
    text = Path(path).read_text(encoding="utf8") if text is None else text
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    cells = reader.read(text).cells if reader else []
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    lock = Path(app.srcdir, "requirements.txt")
    pinned = stamp([lock] if lock.is_file() else [], lock.parent)
    return stamp(files_used(code, PACKAGE), PACKAGE, versions(), pinned)
