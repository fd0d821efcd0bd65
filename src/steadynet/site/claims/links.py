"""Links between sentences and claims, made when pages are written."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from docutils import nodes
from sphinx.util import logging

from steadynet.site.claims.entries import Ledger
from steadynet.site.claims.ledger import read
from steadynet.site.claims.sentences import Mark, Sentences, pages, where_used

UNUSED = "no sentence of the book uses it"
logger = logging.getLogger(__name__)


def ledger(app: Any) -> Ledger:
    """All claims, judged once a build and only where a page asks."""
    if not hasattr(app, "steadynet_ledger"):
        app.steadynet_ledger = read()
    return app.steadynet_ledger


def resolve(app: Any, doctree: nodes.document, docname: str) -> None:
    """Link each mark to its claim, and each claim to its sentences."""
    for mark in list(doctree.findall(Mark)):
        mark.replace_self(_shown(app, mark, docname))
    for place in list(doctree.findall(Sentences)):
        place.replace_self(_listed(app, place["claim"], docname))


def _shown(app: Any, mark: Mark, docname: str) -> nodes.Node:
    """A link in words that say the verdict, or a warning where there is no such claim."""
    page, known = min(pages(app.env), default=None), ledger(app).entries
    entry = known.get(mark["claim"])
    if entry is None or page is None:
        logger.warning(_trouble(mark["claim"], known), location=mark, type="claim")
        return nodes.inline()
    unseen = nodes.inline("", f" for this sentence: {entry.kind}", classes=["steadynet-unseen"])
    title = f"{entry.statement} {entry.mark} {entry.words}"
    address = f"{app.builder.get_relative_uri(docname, page)}#{claim_id(entry.name)}"
    link = nodes.reference("", "evidence", unseen, internal=True, refuri=address, reftitle=title)
    return nodes.superscript("", "", link, ids=mark["ids"], classes=["steadynet-rests-on"])


def _listed(app: Any, claim: str, docname: str) -> nodes.Node:
    """Links to the sentences that rest on a claim, in the order of the book."""
    items = []
    for chapter, use in where_used(app.env).get(claim, ()):
        said = ": ".join(filter(None, (app.env.titles[chapter].astext(), use.heading)))
        address = f"{app.builder.get_relative_uri(docname, chapter)}#{use.id}"
        link = nodes.reference("", said, internal=True, refuri=address)
        items.append(nodes.list_item("", nodes.paragraph("", "", link)))
    return nodes.bullet_list("", *items) if items else nodes.paragraph("", UNUSED)


def claim_id(name: str) -> str:
    """Where a claim stands on the page."""
    return f"claim-{nodes.make_id(name)}"


def _trouble(name: str, known: Collection[str]) -> str:
    """Why a mark leads nowhere, and what may have been meant."""
    if name in known:
        return f"claim {name!r}: no page lists the claims; one needs the directive `claims`"
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or sorted(known)
    meant = ", ".join(near) or "none: no experiment has claims"
    return f"no experiment claims {name!r}; near to it: {meant}"
