"""Is the training data still what it was? Where it is not, a person decides."""

from collections.abc import Iterator, Mapping
from typing import Final

from sluice.definition.gate import DataRule
from sluice.gate.check import Check, Outcome, not_held, skipped, unmade
from sluice.gate.evaluation import Evaluation
from sluice.gate.training_data import Counts, Drift, TrainingData
from sluice.gate.wording import listed, one_line, sentence, share

_ROWS: Final = "data.rows"
_CLASSES: Final = "data.classes"
_REJECTED: Final = "data.rejected"
_DRIFT: Final = "data.drift"
_UNKNOWN: Final = "this run's counts are not known."
_FIRST_RUN: Final = "there is no earlier run to compare with."


def check_data(evaluation: Evaluation, rule: DataRule) -> Iterator[Check]:
    data = evaluation.data
    if data is None:
        yield not_held("data", "The training data were", live=evaluation.champion is not None)
        return
    yield _rows(data, rule)
    if evaluation.task == "regression":
        yield _skipped(_CLASSES, "A regression has no classes to compare.", rule.maximum_class_shift)
    else:
        yield _classes(data, rule)
    yield _rejected(data.counts, rule)
    yield _drift(data.drift, rule, live=evaluation.champion is not None)


def _skipped(name: str, reason: str, bound: float) -> Check:
    return skipped(name, reason, bound, "needs-human")


def _judged(name: str, bad: bool, value: float, bound: float, reason: str) -> Check:
    outcome: Outcome = "fail" if bad else "pass"
    return Check(name, outcome, value, bound, reason, "needs-human")


def _rows(data: TrainingData, rule: DataRule) -> Check:
    bound = rule.minimum_row_ratio
    if data.counts is None:
        return unmade(_ROWS, f"The number of rows was not judged: {_UNKNOWN}", bound)
    if data.previous is None or not data.previous.rows:
        return _skipped(_ROWS, f"The number of rows was not judged: {_FIRST_RUN}", bound)
    rows, before = data.counts.rows, data.previous.rows
    bad = rows < bound * before
    side = "less than" if bad else "at least"
    reason = f"{rows:,} rows were read, {side} {share(bound)} of the last run's {before:,}."
    return _judged(_ROWS, bad, rows / before, bound, reason)


def _classes(data: TrainingData, rule: DataRule) -> Check:
    bound = rule.maximum_class_shift
    if data.counts is None or not data.counts.shares:
        return unmade(_CLASSES, f"The classes' shares were not judged: {_UNKNOWN}", bound)
    if data.previous is None or not data.previous.shares:
        return _skipped(_CLASSES, f"The classes' shares were not judged: {_FIRST_RUN}", bound)
    label, before, now = _largest_shift(data.previous.shares, data.counts.shares)
    shift = abs(now - before)
    bad = shift > bound
    told = f"{one_line(label)!r} went from {share(before)} to {share(now)}"
    if bad:
        reason = f"The share of class {told} since the last run; a change of {share(bound)} is accepted."
    else:
        reason = f"No class's share changed by more than {share(bound)} since the last run; the most: {told}."
    return _judged(_CLASSES, bad, shift, bound, reason)


def _largest_shift(before: Mapping[str, float], now: Mapping[str, float]) -> tuple[str, float, float]:
    """A class that came or went had, or has, a share of 0."""
    labels = dict.fromkeys([*now, *before])
    shifts = ((label, before.get(label, 0.0), now.get(label, 0.0)) for label in labels)
    # Rounded: of two classes both shift alike, and the first shall be named.
    return max(shifts, key=lambda shift: round(abs(shift[2] - shift[1]), 9))


def _rejected(counts: Counts | None, rule: DataRule) -> Check:
    bound = rule.maximum_rejected_share
    if counts is None or not counts.rows:
        return unmade(_REJECTED, f"The share of rejected rows was not judged: {_UNKNOWN}", bound)
    value = counts.rejected / counts.rows
    bad = value > bound
    side = "more than" if bad else "at most"
    reason = f"{counts.rejected:,} of {counts.rows:,} rows could not be read: {side} {share(bound)}."
    return _judged(_REJECTED, bad, value, bound, reason)


def _drift(drift: Drift | None, rule: DataRule, *, live: bool) -> Check:
    bound = rule.maximum_drift
    if drift is None and live:
        return unmade(_DRIFT, "Drift was not judged: the baseline of the champion's training data is not there.", bound)
    if drift is None:
        return _skipped(_DRIFT, "Drift was not judged: there is no champion's training data to compare with.", bound)
    if drift.problem is not None:
        return unmade(_DRIFT, f"Drift was not judged: {sentence(drift.problem)}", bound)
    known = sorted(((psi, name) for name, psi in drift.psi.items() if psi is not None), key=lambda one: -one[0])
    told = _unmeasured(drift)
    if not known and not drift.unmeasured:
        return _skipped(_DRIFT, " ".join(["Drift was not judged: no feature could be measured.", *told]), bound)
    drifted = [f"{one_line(name)} {psi:.2f}" for psi, name in known if psi > bound]
    if drifted:
        told.insert(0, f"Drifted more than {bound:g} (PSI) from the champion's training data: {listed(drifted)}.")
    elif known:
        told.insert(0, f"No measured feature drifted more than {bound:g} (PSI) from the champion's training data.")
    bad = bool(drifted or drift.unmeasured)
    return Check(
        _DRIFT, "fail" if bad else "pass", known[0][0] if known else None, bound, " ".join(told), "needs-human"
    )


def _unmeasured(drift: Drift) -> list[str]:
    """Sentences; what should have been measured first."""
    others = [name for name, psi in drift.psi.items() if psi is None and name not in drift.unmeasured]
    told = [f"Could not be compared with the champion's: {listed(drift.unmeasured)}."] if drift.unmeasured else []
    return [*told, f"Not measured: {listed(others)}."] if others else told
