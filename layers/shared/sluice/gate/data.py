"""Is the training data still what it was? Where it is not, a person decides."""

from collections.abc import Iterator, Mapping
from typing import Final

from sluice.definition.gate import DataRule
from sluice.gate.check import Check, Outcome, not_held, skipped
from sluice.gate.evaluation import Evaluation
from sluice.gate.training_data import Counts, Drift, TrainingData
from sluice.gate.wording import listed, one_line, sentence, share

_ROWS: Final = "data.rows"
_CLASSES: Final = "data.classes"
_REJECTED: Final = "data.rejected"
_DRIFT: Final = "data.drift"
_FIRST_RUN: Final = "there is no earlier run to compare with."


def check_data(evaluation: Evaluation, rule: DataRule) -> Iterator[Check]:
    data = evaluation.data
    if data is None:
        yield not_held("data", "The training data were", on_failure="needs-human")
        return
    yield _rows(data, rule)
    if evaluation.task == "regression":
        yield _skipped(_CLASSES, "A regression has no classes to compare.", rule.maximum_class_shift)
    else:
        yield _classes(data, rule)
    yield _rejected(data.counts, rule)
    yield _drift(data.drift, rule)


def _skipped(name: str, reason: str, bound: float) -> Check:
    return skipped(name, reason, bound, "needs-human")


def _judged(name: str, bad: bool, value: float, bound: float, reason: str) -> Check:
    outcome: Outcome = "fail" if bad else "pass"
    return Check(name, outcome, value, bound, reason, "needs-human")


def _rows(data: TrainingData, rule: DataRule) -> Check:
    bound = rule.minimum_row_ratio
    if data.counts is None or data.previous is None or not data.previous.rows:
        return _skipped(_ROWS, f"The number of rows was not judged: {_unknown(data)}", bound)
    rows, before = data.counts.rows, data.previous.rows
    bad = rows < bound * before
    side = "less than" if bad else "at least"
    reason = f"{rows:,} rows were read, {side} {share(bound)} of the last run's {before:,}."
    return _judged(_ROWS, bad, rows / before, bound, reason)


def _classes(data: TrainingData, rule: DataRule) -> Check:
    bound = rule.maximum_class_shift
    if data.counts is None or data.previous is None or not data.counts.shares or not data.previous.shares:
        return _skipped(_CLASSES, f"The classes' shares were not judged: {_unknown(data)}", bound)
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


def _unknown(data: TrainingData) -> str:
    return "this run's counts are not known." if data.counts is None else _FIRST_RUN


def _rejected(counts: Counts | None, rule: DataRule) -> Check:
    bound = rule.maximum_rejected_share
    if counts is None or not counts.rows:
        return _skipped(_REJECTED, "The share of rejected rows was not judged: the counts are not known.", bound)
    value = counts.rejected / counts.rows
    bad = value > bound
    side = "more than" if bad else "at most"
    reason = f"{counts.rejected:,} of {counts.rows:,} rows could not be read: {side} {share(bound)}."
    return _judged(_REJECTED, bad, value, bound, reason)


def _drift(drift: Drift | None, rule: DataRule) -> Check:
    bound = rule.maximum_drift
    if drift is None:
        return _skipped(_DRIFT, "Drift was not judged: there is no champion's training data to compare with.", bound)
    if drift.problem is not None:
        return _skipped(_DRIFT, f"Drift was not judged: {sentence(drift.problem)}", bound)
    known = sorted(((psi, name) for name, psi in drift.psi.items() if psi is not None), key=lambda one: -one[0])
    unknown = [name for name, psi in drift.psi.items() if psi is None]
    without = f" Not measured: {listed(unknown)}." if unknown else ""
    if not known:
        return _skipped(_DRIFT, f"Drift was not judged: no feature could be measured.{without}", bound)
    drifted = [f"{one_line(name)} {psi:.2f}" for psi, name in known if psi > bound]
    if drifted:
        told = f"Drifted more than {bound:g} (PSI) from the champion's training data: {listed(drifted)}."
    else:
        told = f"No feature drifted more than {bound:g} (PSI) from the champion's training data."
    return _judged(_DRIFT, bool(drifted), known[0][0], bound, told + without)
