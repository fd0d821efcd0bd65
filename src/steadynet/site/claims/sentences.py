"""The role ``{claim}`[name]```: a sentence says which claim it rests on, and the page links back.

JupyterLab, which does not know the role, shows what stands in it: [name], much as a citation.
Chapters are read in any order, and again only when they change. So a role leaves a mark; what the
mark shows, and what the page of claims says of it, is filled in when pages are written.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from docutils import nodes
from sphinx.util.docutils import SphinxRole


class Mark(nodes.Inline, nodes.Element):
    """Where a sentence names a claim: `claim`, and an id of its own."""


class Sentences(nodes.General, nodes.Element):
    """Where the sentences that rest on `claim` are listed, once all chapters are read."""


class Use(NamedTuple):
    """A sentence that names a claim: where its mark is, and under which heading."""

    claim: str
    id: str
    heading: str


class ClaimRole(SphinxRole):
    """Leaves a mark; the name, in brackets or not, is looked up when the page is written."""

    def run(self):
        """Nodes and messages of one use."""
        mark = Mark(claim=self.text.strip().strip("[]"))
        self.set_source_info(mark)
        return [mark], []


def uses(env: Any) -> dict[str, list[Use]]:
    """Sentences by chapter, kept with the environment from build to build."""
    return _kept(env, "steadynet_uses", {})


def pages(env: Any) -> set[str]:
    """Chapters that list claims: where a mark leads."""
    return _kept(env, "steadynet_claim_pages", set())


def _kept(env: Any, name: str, empty: Any) -> Any:
    """Something of the environment's; made where it is missing."""
    if not hasattr(env, name):
        setattr(env, name, empty)
    return getattr(env, name)


def note(app: Any, doctree: nodes.document) -> None:
    """Give every mark of a chapter its id, and keep where it stands."""
    found: list[Use] = []
    for mark in doctree.findall(Mark):
        again = sum(use.claim == mark["claim"] for use in found)
        id_ = f"rests-on-{nodes.make_id(mark['claim'])}" + (f"-{again + 1}" if again else "")
        mark["ids"] = [id_]
        found.append(Use(mark["claim"], id_, _heading(mark)))
    if found:
        uses(app.env)[app.env.docname] = found


def _heading(mark: nodes.Node) -> str:
    """Title of the section around a mark; nothing at the top of a chapter."""
    node = mark.parent
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    if node is None or isinstance(node.parent, nodes.document):
        return ""
    return node[node.first_child_matching_class(nodes.title)].astext()


def forget(_app: Any, env: Any, docname: str) -> None:
    """A chapter is read again, or gone."""
    uses(env).pop(docname, None)
    pages(env).discard(docname)


def merge(_app: Any, env: Any, docnames: set[str], other: Any) -> None:
    """Take over what another process read."""
    uses(env).update({name: found for name, found in uses(other).items() if name in docnames})
    pages(env).update(pages(other) & set(docnames))


def where_used(env: Any) -> dict[str, list[tuple[str, Use]]]:
    """Chapters and sentences by claim, in the order of the book."""
    found: dict[str, list[tuple[str, Use]]] = {}
    for chapter in filter(uses(env).get, _in_order(env)):
        for use in uses(env)[chapter]:
            found.setdefault(use.claim, []).append((chapter, use))
    return found


def _in_order(env: Any) -> list[str]:
    """Chapters as the table of contents has them, then those that it leaves out."""
    order: dict[str, None] = {}
    waiting = [env.config.root_doc]
    while waiting:
        chapter = waiting.pop(0)
        if chapter not in order:
            order[chapter] = None
            waiting = [*env.toctree_includes.get(chapter, ()), *waiting]
    return [*order, *sorted(set(uses(env)) - set(order))]
