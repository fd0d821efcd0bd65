"""Sentences say which claim they rest on, and a page lists every claim with its verdict."""

import json
import math
import re
from types import SimpleNamespace

import pytest
from book import claimed
from bs4 import BeautifulSoup

from steadynet import experiments, recording
from steadynet.experiments import Stress
from steadynet.site.claims import ledger, quantities, sentences, wording

# Sphinx is built with, not tested here: its own deprecations are its own.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TOC = "# Book\n\n```{toctree}\nb\nevidence\na\n```\n"
EVIDENCE = """# Evidence

```{claims} summary
```

## Claims

```{claims}
```

## Older

```{claims} older
```
"""
FILES = {
    "index.md": TOC,
    "a.md": "# Last\n\nIt gains early.{claim}`it-gains-early`\n",
    "b.md": "# First\n\nIt *gains*.{claim}`it-gains`\n\n"
    "## What it means\n\nIt may.{claim}`[it-may-gain]` And it gains.{claim}`it-gains`\n",
    "evidence.md": EVIDENCE,
}


@pytest.fixture
def register(monkeypatch, tmp_path):
    """Make an experiment the only one, and its recordings those that are found."""

    def put(known=None, recordings=None):
        known = known or claimed.experiment()
        monkeypatch.setattr(experiments, "NAMES", (known.name,))
        monkeypatch.setattr(experiments, "get", {known.name: known}.__getitem__)
        for each in claimed.recordings() if recordings is None else recordings:
            recording.save(each)
        recording.load.cache_clear()

    (tmp_path / "recordings").mkdir()
    monkeypatch.setattr(recording, "FOLDER", tmp_path / "recordings")
    yield put
    recording.load.cache_clear()


@pytest.fixture
def book(build, register):
    """Build these files, with the claims registered, and read the pages."""
    register()

    def run(files=FILES, **options):
        built = build(files, **options)
        pages = {
            path.stem: BeautifulSoup(path.read_text("utf8"), "html.parser").find(role="main")
            for path in built.out.glob("*.html")
        }
        data = json.loads((built.out / "claims.json").read_text("utf8"))
        return SimpleNamespace(**vars(built), pages=pages, data=data)

    return run


def entry(built, name):
    """The part of the page that a claim has."""
    return built.pages["evidence"].find(id=f"claim-{name}")


def facts(section):
    """What is said of a claim or an experiment, by term."""
    terms = section.find("dl", class_="steadynet-facts").find_all("dt", recursive=False)
    return {term.text.strip(): term.find_next_sibling("dd") for term in terms}


def cells(section):
    """Texts of a table, row by row."""
    rows = section.find("table").find_all("tr")
    return [[cell.text.strip() for cell in row.find_all(["th", "td"])] for row in rows]


# --- links both ways


def test_mark_leads_to_the_claim_and_says_the_verdict(book):
    built = book()
    marks = built.pages["b"].select("sup.steadynet-rests-on a")
    assert [mark["href"] for mark in marks] == [
        "evidence.html#claim-it-gains",
        "evidence.html#claim-it-may-gain",
        "evidence.html#claim-it-gains",
    ]
    assert [mark.text for mark in marks[:2]] == [
        "evidence for this sentence: holds",
        "evidence for this sentence: not decided",
    ]
    assert marks[0]["title"] == "The it-gains network gains 2 points or more. ✓ holds"
    assert built.warnings == ""


def test_claim_leads_back_to_its_sentences_in_the_order_of_the_book(book):
    built = book()
    links = facts(entry(built, "it-gains"))["Sentences"].find_all("a")
    assert [(link.text, link["href"]) for link in links] == [
        ("First", "b.html#rests-on-it-gains"),
        ("First: What it means", "b.html#rests-on-it-gains-2"),
    ]
    for link in links:
        name, anchor = link["href"].split(".html#")
        assert built.pages[name].find("sup", id=anchor)


def test_claim_that_no_sentence_uses_says_so(book):
    built = book()
    said = facts(entry(built, "it-gains-not"))["Sentences"].text
    assert said.strip() == "no sentence of the book uses it"
    assert [name for name, one in built.data.items() if not one["sentences"]] == ["it-gains-not"]
    assert built.data["it-gains-early"]["sentences"] == ["a.html#rests-on-it-gains-early"]
    assert built.data["it-gains"]["kind"] == "holds"


def test_unknown_name_is_a_warning_at_its_place_that_lists_near_ones(book):
    built = book(FILES | {"a.md": "# Last\n\nOne.\n\nTwo.{claim}`it-gain`\n"})
    assert re.search(r"a\.md:5: WARNING: no experiment claims 'it-gain'; near to it: it-gains, ",
                     built.warnings)  # fmt: skip
    assert "Two." in built.pages["a"].text
    assert built.warnings.count("WARNING") == 1


def test_mark_in_a_book_without_the_page_is_a_warning(build, register):
    register()
    built = build({"index.md": "# Book\n\nIt gains.{claim}`it-gains`\n"})
    assert "claim 'it-gains': no page lists the claims" in built.warnings


# --- what an entry says


@pytest.mark.parametrize(("name", "kind"), [*zip(claimed.GAINS, claimed.KINDS, strict=True)])
def test_every_kind_of_verdict_is_shown_with_a_mark_of_its_own(book, name, kind):
    shown = entry(book(), name).find(class_="steadynet-verdict").text
    assert shown.lower().startswith(f"{wording.MARKS[kind]} {kind}")
    assert len(set(wording.MARKS.values())) == len(wording.MARKS)


def test_claim_is_shown_condition_by_condition(book):
    found = entry(book(), "it-gains-early")
    verdict = found.find(class_="steadynet-verdict").text
    assert verdict == (
        "◐ Holds up to a boundary: does not hold at 2,000 steps; "
        "not decided with twice the channels, at 100 steps."
    )
    assert cells(found) == [
        ["Condition", "Effect, points of test accuracy", "Interval over seeds", "Seeds", "Outcome"],
        ["at 100 steps (decides)", "4.00", "2.00 to 6.25", "5", "✓ holds"],
        ["at 2,000 steps", "1.00", "−1.50 to 1.90", "5", "✗ does not hold"],
        ["twice the channels, at 100 steps", "4.00", "1.00 to 6.25", "5", "? not decided"],
    ]
    assert {term: said.text.strip() for term, said in facts(found).items()} == {
        "Effect that counts": "2 points of test accuracy or more",
        "Refuted by": "A gain below 2 points on every seed.",
        "Written down": "before its recording, word for word",
        "Sentences": "Last",
    }


def test_experiment_says_how_it_decides(book):
    section = book().pages["evidence"].find(id="claims-of-fake")
    assert section.find(["h2", "h3"]).text.startswith("Does a gain gain?")
    said = {term: shown.text.strip().replace("\n", "|") for term, shown in facts(section).items()}
    assert said == {
        "Compared": "gaining: with a gain, at its best rate|plain: without one",
        "Control": "A network that is trained as long.",
        "Best rates chosen on": "a validation split of 1,000 pictures",
        "Budgets": "100 steps, 2,000 steps",
        "Seeds": "5",
        "Stresses": "wide: twice the channels",
        "Recorded": "2026-11-25, in 11 minutes",
        "Code": "experiments.fake",
    }


def test_claim_that_its_recording_does_not_know_is_told(book, register):
    register(recordings=claimed.recordings(written=[]))
    said = facts(entry(book(), "it-gains"))["Written down"].text.strip()
    assert said == "not before its recording, or changed since"


def test_claim_that_is_still_to_be_recorded_stands_there_undecided(build, register):
    register(claimed.experiment(not_reproduced=()), recordings=())
    built = build(FILES | {"evidence.md": "# Evidence\n\n```{claims}\n```\n"})
    page = BeautifulSoup((built.out / "evidence.html").read_text("utf8"), "html.parser")
    assert page.find(id="claim-it-gains").find(class_="steadynet-verdict").text == (
        "… Not recorded yet."
    )
    assert page.find(id="claim-it-gains").find("table") is None
    assert built.warnings == ""


def test_summary_counts_and_older_statements_have_a_table(book):
    page = book().pages["evidence"]
    assert [item.text.strip() for item in page.select(".steadynet-tally li")] == [
        "✓ 1 holds",
        "◐ 1 holds up to a boundary",
        "? 1 is not decided",
        "✗ 1 does not hold",
    ]
    assert cells(page.find(id="findings-of-fake")) == [
        ["Statement", "Effect", "Range over seeds", "Outcome"],
        ["It takes longer.", "1,200 steps", "−3 to 2,345", "✗ does not hold"],
    ]


def test_book_without_claims_says_so(book, register):
    register(claimed.experiment(claims=()))
    built = book({"index.md": "# Book\n\n```{toctree}\nevidence\n```\n", "evidence.md": EVIDENCE})
    assert built.pages["evidence"].text.count("No experiment of the book has written") == 2
    assert built.data == {}
    assert built.warnings == ""


def test_tables_scroll_inside_their_own_box(book):
    tables = book(html_theme="sphinx_book_theme").pages["evidence"].find_all("table")
    assert tables
    for table in tables:
        assert "pst-scrollable-table-container" in table.parent["class"]


# --- a second build


def test_page_forgets_a_sentence_that_is_gone(book):
    book()
    built = book({"b.md": "# First\n\nNothing.\n"})
    assert built.data["it-gains"]["sentences"] == []
    said = facts(entry(built, "it-gains"))["Sentences"].text
    assert said.strip() == "no sentence of the book uses it"
    assert facts(entry(built, "it-gains-early"))["Sentences"].a.text == "Last"


def test_page_forgets_a_chapter_that_is_gone(book, tmp_path):
    book()
    (tmp_path / "source" / "a.md").unlink()
    built = book({"index.md": TOC.replace("a\n", "")})
    assert built.data["it-gains-early"]["sentences"] == []
    assert built.warnings == ""


def test_new_recording_is_on_the_page_and_at_the_sentence(book, register):
    book()
    made, wide = claimed.recordings()
    made.arrays["it-gains"][0] = claimed.LOW
    register(recordings=(made, wide))
    built = book({})
    assert entry(built, "it-gains").find(class_="steadynet-verdict").text == "✗ Does not hold."
    assert built.pages["b"].select_one(".steadynet-rests-on").text.endswith(": does not hold")


def test_new_title_of_a_chapter_is_on_the_page(book):
    book()
    built = book({"a.md": FILES["a.md"].replace("Last", "The end")})
    found = facts(entry(built, "it-gains-early"))["Sentences"]
    assert found.text.strip() == "The end"


def test_nothing_is_written_again_without_need(book):
    stamp = (book().out / "evidence.html").stat().st_mtime_ns
    assert (book({}).out / "evidence.html").stat().st_mtime_ns == stamp


def test_what_other_processes_read_is_taken_over_and_no_more():
    env, other = SimpleNamespace(), SimpleNamespace()
    sentences.uses(env)["a"] = ["here"]
    sentences.uses(other).update(a=["stale"], b=["there"])
    sentences.pages(other).update(("b", "c"))
    sentences.merge(None, env, {"b"}, other)
    assert sentences.uses(env) == {"a": ["here"], "b": ["there"]}
    assert sentences.pages(env) == {"b"}


# --- words


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.5083, -0.3917, 2.433), ["0.51", "−0.39", "2.43"]),
        ((1e-9, 0, -2e-9), ["1.00 × 10⁻⁹", "0", "−2.00 × 10⁻⁹"]),
        ((2.102e7, 4.956e6), ["2.10 × 10⁷", "4.96 × 10⁶"]),
        ((-0.0004, 1.0), ["0.00", "1.00"]),
        ((math.nan, math.inf, -math.inf), ["none", "∞", "−∞"]),
        ((0, 0, 0), ["0", "0", "0"]),
        ((123456.7,), ["123,457"]),
    ],
)
def test_numbers_side_by_side_have_the_same_decimals(values, said):
    assert quantities.row(*values) == said


@pytest.mark.parametrize(
    ("within", "said"),
    [
        ((10, math.inf), "10 steps or more"),
        ((0, math.inf), "0 steps or more: the direction alone"),
        ((-math.inf, -2.5), "−2.5 steps or less"),
        ((-math.inf, 0), "0 steps or less: the direction alone"),
        ((-1, 1), "−1 to 1 steps: no effect worth speaking of"),
        ((500, 2000), "500 to 2,000 steps"),
    ],
)
def test_ranges_say_direction_and_smallest_effect(within, said):
    assert wording.counts(within, "steps") == said


def test_tally_speaks_in_the_singular_and_in_the_plural():
    kinds = [*claimed.KINDS, wording.UNRECORDED]
    one = [words for _, words in wording.tally(kinds)]
    two = [words for _, words in wording.tally(kinds * 2)]
    assert one[-2:] == ["1 does not hold", "1 is not recorded yet"]
    assert two == [
        "2 hold",
        "2 hold up to a boundary",
        "2 are not decided",
        "2 do not hold",
        "2 are not recorded yet",
    ]


def test_conditions_without_a_budget_read_as_words():
    assert wording.where(None, None) == "as recorded"
    assert wording.where(Stress("new", "fresh seeds"), None) == "fresh seeds"


def test_every_experiment_of_the_book_is_in_the_ledger():
    found = ledger.read()
    told = {group.name for group in (*found.groups, *found.older)}
    assert told == set(experiments.NAMES)
    assert found.stamp == ledger.read().stamp


UNUSED: set[str] = set()  # claims of the book that no sentence rests on


@pytest.mark.book
def test_sentences_of_the_book_rest_on_its_claims(site):
    found = json.loads((site / "claims.json").read_text("utf8"))
    assert set(found) == set(ledger.read().entries)
    assert {name for name, claim in found.items() if not claim["sentences"]} == UNUSED
    assert not [name for name, claim in found.items() if claim["kind"] == wording.UNRECORDED]
