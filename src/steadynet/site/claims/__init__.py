"""A page of every claim, made from the recordings, and links between it and the sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from steadynet.site.claims import links, page, sentences

FILE = "claims.json"  # at the site's root: claims with their verdicts and sentences, as data


def setup(app: Any) -> None:
    """Register the role and the directive, and what keeps them fresh."""
    for node in (sentences.Mark, sentences.Sentences):
        app.add_node(node)  # none is left when a page is written
    app.add_role("claim", sentences.ClaimRole())
    app.add_directive("claims", page.ClaimsDirective)
    app.connect("doctree-read", sentences.note)
    app.connect("env-purge-doc", sentences.forget)
    app.connect("env-merge-info", sentences.merge)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", to_write_again)
    app.connect("doctree-resolved", links.resolve, priority=400)
    app.connect("build-finished", write_data, priority=100)


def outdated(
    app: Any, env: Any, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages of claims, where the last build read them with another recording or claim."""
    known = sentences.pages(env) & env.found_docs
    said = getattr(env, "steadynet_claims_said", ("", ""))[0]
    return sorted(known) if known and said != links.ledger(app).stamp else []


def to_write_again(app: Any, env: Any) -> list[str]:
    """Both ends of every link, where a verdict, a sentence or a title is another than before."""
    ends = sentences.pages(env) | set(sentences.uses(env))
    stamp = links.ledger(app).stamp if ends else ""
    titles = {name: title.astext() for name, title in env.titles.items()}
    said = stamp, json.dumps([sentences.where_used(env), titles])
    before, env.steadynet_claims_said = getattr(env, "steadynet_claims_said", None), said
    return [] if before == said else sorted(ends)


def write_data(app: Any, error: Exception | None) -> None:
    """Write claims, verdicts and sentences beside the pages, for tests and for who counts."""
    if error or app.builder.format != "html" or not sentences.pages(app.env):
        return
    used = sentences.where_used(app.env)
    found = {
        name: {
            "statement": entry.statement,
            "kind": entry.kind,
            "words": entry.words,
            "sentences": [
                f"{app.builder.get_target_uri(chapter)}#{use.id}"
                for chapter, use in used.get(name, ())
            ],
        }
        for name, entry in links.ledger(app).entries.items()
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    Path(app.outdir, FILE).write_text(text + "\n", encoding="utf8")
