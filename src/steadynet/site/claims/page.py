"""The directive ``{claims}``: the page that lists every claim, made from the recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from steadynet.site.claims import links, sentences, wording
from steadynet.site.claims.entries import Entry, Fact, Group, Ledger, Row

EFFECT = "Effect"
COLUMNS = ("Condition", EFFECT, "Interval over seeds", "Seeds", "Outcome")
OLDER = ("Statement", EFFECT, "Range over seeds", "Outcome")
NONE_YET = "No experiment of the book has written its claims down before its recording yet."
SENTENCES = "Sentences"


class ClaimsDirective(SphinxDirective):
    """``{claims}`` lists the claims, ``{claims} summary`` counts, ``{claims} older`` the rest."""

    optional_arguments = 1

    def run(self):
        """Sections, or a paragraph."""
        part = directives.choice(*self.arguments or ["all"], ("all", "summary", "older"))
        sentences.pages(self.env).add(self.env.docname)
        ledger = links.ledger(self.env.app)
        if part == "summary":
            return summary(ledger)
        groups = ledger.older if part == "older" else ledger.groups
        found = [section(group) for group in groups]
        for part in (each for one in found for each in one.findall(nodes.section)):
            self.state.document.note_explicit_target(part)
        return found or [nodes.paragraph("", NONE_YET)]


def summary(ledger: Ledger) -> list[nodes.Node]:
    """How many claims have each verdict, and how many statements are of the older kind."""
    found = wording.tally([entry.kind for entry in ledger.entries.values()])
    lines = [_marked(mark, words) for mark, words in found]
    n = sum(len(group.rows) for group in ledger.older)
    older = f"{n} statements are of the older kind, bounded after first runs."
    listed = nodes.bullet_list("", *map(_item, lines), classes=["steadynet-tally"])
    head = f"Of {len(ledger.entries)} claims:" if lines else NONE_YET
    parts = [nodes.paragraph("", head), *([listed] if lines else [])]
    return [*parts, nodes.paragraph("", older)] if n else parts


def section(group: Group) -> nodes.section:
    """One experiment: its question, how it decides, and what it claims or found."""
    kind = "findings" if group.rows else "claims"
    made = nodes.section(ids=[f"{kind}-of-{nodes.make_id(group.name)}"])
    made += nodes.title("", group.question)
    code = ("Code", (f"steadynet.experiments.{group.name}",))
    made += facts([*group.facts, code])
    if group.rows:
        made += table(OLDER, group.rows, "findings")
    made += [claim(entry) for entry in group.entries]
    return made


def claim(entry: Entry) -> nodes.section:
    """One claim, under the name that its sentences use."""
    made = nodes.section(ids=[links.claim_id(entry.name)], classes=["steadynet-claim"])
    made += nodes.title("", entry.statement)
    verdict = _marked(entry.mark, entry.words[:1].upper() + entry.words[1:] + ".")
    made += nodes.paragraph("", "", *verdict, classes=["steadynet-verdict"])
    if entry.rows:
        effect = f"{EFFECT}, {entry.unit}" if entry.unit else EFFECT
        made += table([effect if c == EFFECT else c for c in COLUMNS], entry.rows, "conditions")
    listed = facts(entry.facts)
    listed += _fact(SENTENCES, [sentences.Sentences(claim=entry.name)])
    made += listed
    return made


def facts(found: Iterable[Fact]) -> nodes.definition_list:
    """Terms, and what there is to say of each."""
    made = nodes.definition_list(classes=["steadynet-facts", "simple"])
    for term, texts in found:
        shown = [nodes.paragraph("", "", _code(text) or nodes.Text(text)) for text in texts]
        made += _fact(term, shown)
    return made


def table(head: Sequence[str], rows: Iterable[Row], kind: str) -> nodes.table:
    """A table whose first column names its rows."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1, stub=int(at == 0)) for at in range(len(head))]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=[f"steadynet-{kind}"])


def _row(texts: Iterable[str]) -> nodes.row:
    """Cells side by side."""
    cells = (nodes.entry("", nodes.paragraph("", text)) for text in texts)
    return nodes.row("", *cells)


def _fact(term: str, shown: list[Any]) -> nodes.definition_list_item:
    """A term with what belongs to it."""
    return nodes.definition_list_item("", nodes.term("", term), nodes.definition("", *shown))


def _item(parts: list[nodes.Node]) -> nodes.list_item:
    """An item of a list, one line long."""
    return nodes.list_item("", nodes.paragraph("", "", *parts))


def _marked(mark: str, words: str) -> list[nodes.Node]:
    """A mark that a screen reader may pass over, for the words say the same."""
    return [nodes.inline("", mark, classes=["steadynet-mark"]), nodes.Text(f" {words}")]


def _code(text: str) -> nodes.Node | None:
    """A module's name, linked to the page that describes it, where the book has one."""
    if not text.startswith("steadynet."):
        return None
    named = {"refdomain": "py", "reftype": "mod", "reftarget": text, "refexplicit": True}
    return addnodes.pending_xref("", nodes.literal("", text.split(".", 1)[1]), **named)
