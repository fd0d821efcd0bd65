"""Hold every claim of the book against its recordings; no Sphinx here."""

from __future__ import annotations

from steadynet import experiments, recording
from steadynet.experiments import Claim, Experiment, Judgement, Stress, Verdict
from steadynet.recording import Recording, RecordingError
from steadynet.site.claims import quantities, wording
from steadynet.site.claims.entries import Entry, Fact, Group, Ledger, Row


def read() -> Ledger:
    """Hold every claim of every experiment against its recording."""
    every = [experiments.get(name) for name in experiments.NAMES]
    groups = tuple(_group(each) for each in every if each.claims)
    older = tuple(_older(each) for each in every if each.findings or each.not_reproduced)
    return Ledger(groups, older)


def _group(experiment: Experiment) -> Group:
    """An experiment whose claims were written down first; it may not be recorded yet."""
    try:
        recorded = recording.load(experiment.name)
    except RecordingError:
        recorded = None
    entries = tuple(_entry(experiment, claim, recorded) for claim in experiment.claims)
    return Group(experiment.name, experiment.question, _facts(experiment, recorded), entries)


def _facts(experiment: Experiment, recorded: Recording | None) -> tuple[Fact, ...]:
    """How an experiment decides."""
    budgets = [quantities.steps(budget) for budget in experiment.axes.get("budget", ())]
    return _filled(
        ("Compared", [f"{_plain(arm)}: {what}" for arm, what in experiment.arms.items()]),
        ("Control", [experiment.control]),
        ("Best rates chosen on", [experiment.chosen_on]),
        ("Budgets", [", ".join(budgets)]),
        ("Seeds", [str(len(experiment.axes["seed"]))]),
        ("Stresses", [f"{_plain(each.name)}: {each.what}" for each in experiment.stresses]),
        ("Recorded", [_made(recorded) if recorded else wording.UNRECORDED]),
    )


def _filled(*facts: tuple[str, list[str]]) -> tuple[Fact, ...]:
    """Facts of which there is something to say."""
    said = ((term, tuple(filter(None, texts))) for term, texts in facts)
    return tuple((term, texts) for term, texts in said if texts)


def _plain(name: str) -> str:
    """A name of the code, as words."""
    return name.replace("_", " ")


def _made(recorded: Recording) -> str:
    """When it was recorded, and how long that took, stresses included."""
    every = [recorded, *recorded.stresses.values()]
    date = max(each.meta.get("date", "") for each in every)
    return f"{date}, in {quantities.duration(sum(each.meta.get('seconds', 0) for each in every))}"


def _entry(experiment: Experiment, claim: Claim, recorded: Recording | None) -> Entry:
    """One claim, judged where there is a recording."""
    kind = words = wording.UNRECORDED
    written = "before its recording, which is still to be made"
    rows: tuple[Row, ...] = ()
    if recorded:
        verdict = experiments.judge(claim, recorded)
        stresses = {stress.name: stress for stress in experiment.stresses}
        kind, words = verdict.kind, wording.verdict_words(verdict, stresses)
        written, rows = wording.written(verdict), _rows(verdict, stresses)
    facts = _filled(
        ("Effect that counts", [wording.counts(claim.within, claim.unit)]),
        ("Refuted by", [claim.refuted_by]),
        ("Control", [claim.control]),
        ("Written down", [written]),
    )
    return Entry(claim.name, claim.statement, claim.unit, kind, words, rows, facts)


def _rows(verdict: Verdict, stresses: dict[str, Stress]) -> tuple[Row, ...]:
    """A row for each condition, the deciding one first."""
    found = [_row(one, stresses.get(one.stress)) for one in verdict.found]
    if len(found) > 1:
        (where, *rest), *others = found
        found = [(f"{where} (decides)", *rest), *others]
    return tuple(found)


def _row(one: Judgement, stress: Stress | None) -> Row:
    """What was found under one condition."""
    effect, low, high = quantities.row(one.effect, one.low, one.high)
    where = wording.where(stress, one.budget)
    return where, effect, f"{low} to {high}", str(one.seeds), wording.marked(one.outcome)


def _older(experiment: Experiment) -> Group:
    """An experiment of the older kind, whose statements were bounded after first runs."""
    recorded, rows = recording.load(experiment.name), []
    for finding in (*experiment.findings, *experiment.not_reproduced):
        found = finding(recorded)
        effect, low, high = quantities.row(found.effect, found.low, found.high)
        outcome = wording.marked("holds" if found.holds else "does not hold")
        rows.append((found.statement, f"{effect} {found.unit}", f"{low} to {high}", outcome))
    return Group(experiment.name, experiment.question, rows=tuple(rows))
