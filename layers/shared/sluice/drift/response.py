"""What follows from a check: nothing, a notice, or a retrain. Values in, a decision with its reason out.

The same drift is told when it begins, when it grows, and when it ends, however many checks find it meanwhile. What has
been told is worked out of the earlier checks: each judges some dimensions, and what it does not find there has ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sluice.definition.monitoring import Dimension, DriftResponse
from sluice.drift.findings import named
from sluice.drift.retrains import DAY, NOTHING, Obstacle, Refusal, TrainingData, not_now, refusal

Item = tuple[Dimension, str]
"""What drifted: a dimension, and the feature, metric or slice in it."""
_MODEL_MONITORS: frozenset[Dimension] = frozenset({"data-quality", "model-quality"})
Response = Literal["ignore", "notify", "retrain"]


@dataclass(frozen=True)
class Checked:
    """One check, as far as a decision goes."""

    check_id: str
    window_start: datetime
    window_end: datetime
    version: int | None
    judged: frozenset[Dimension]
    """Dimensions of which it could say whether they drifted."""
    items: frozenset[Item]
    told: bool = False
    """Whether people were told of its items."""
    refused: str | None = None
    """Why no retrain followed: a Refusal's kind."""
    explains: bool = True
    """Whether it is our own job's: Model Monitor's files name what moved and no more, and bring no labelled rows."""

    asks: bool = False
    """Whether it had our own job look at its hours."""

    def overlaps(self, other: "Checked") -> bool:
        return self.window_end > other.window_start and self.window_start < other.window_end

    @property
    def is_of_a_batch(self) -> bool:
        """Its window is the moment of the upload."""
        return self.window_start == self.window_end


@dataclass(frozen=True)
class Situation:
    now: datetime
    response: DriftResponse
    """Of the live version's definition."""
    live: int | None
    """The version in production."""
    check: Checked
    earlier: Sequence[Checked]
    """Checks of the same traffic that ended, in any order."""
    retrains: Sequence[datetime] = ()
    """When retrains for drift were asked for."""
    obstacle: Obstacle | None = None
    data: TrainingData = NOTHING


@dataclass(frozen=True)
class Decision:
    response: Response
    reason: str
    tells: Literal["DRIFT_FOUND", "DRIFT_ENDED"] | None = None
    refused: Refusal | None = None
    """Why a retrain that the definition asks for does not begin."""
    asks_for_a_check: bool = False
    """Our own job is to look at the same hours; what it finds is told, and decides on the retrain."""


def decide(situation: Situation) -> Decision:
    check, policy = situation.check, situation.response
    ignored = _not_acted_on(situation)
    if ignored:
        return Decision("ignore", ignored)
    found = _acted_on(check.items, policy)
    if not found:
        return _quiet(situation)
    row = _in_a_row(situation)
    if row < policy.after_checks:
        why = f"it is in {row} check{'s' if row > 1 else ''} in a row, and monitoring.response.after_checks is"
        return Decision("ignore", f"{_moved(found)}, but {why} {policy.after_checks}")
    if policy.action == "retrain":
        return _retrain(situation, found)
    return _tell_or_leave(situation, found, None)


def _not_acted_on(situation: Situation) -> str | None:
    check, live = situation.check, situation.live
    if live is None:
        return "no version is in production any more"
    if check.version is None:
        return "what it looked at is not in production any more"
    if check.version != live:
        return f"version {check.version} is not in production any more: version {live} is"
    if situation.response.action == "ignore":
        return "monitoring.response.action is ignore: what a check finds is recorded only"
    newer = [each for each in situation.earlier if _is_later_news(each, check)]
    if newer:
        latest = max(newer, key=lambda each: each.window_end)
        return f"a check of later traffic, {latest.check_id}, was judged before"
    return None


def _is_later_news(other: Checked, check: Checked) -> bool:
    """Whether it says of later traffic what this check says. Batches are files: each is news of its own."""
    if check.is_of_a_batch or other.window_end <= check.window_end:
        return False
    drifted = {dimension for dimension, _ in check.items}
    return bool(other.judged) and other.judged >= (drifted or check.judged)


def _quiet(situation: Situation) -> Decision:
    """Nothing that is acted on has moved: news only where people were told that something had."""
    check = situation.check
    before = {item for item in _told(situation.earlier) if item[0] in situation.response.to}
    after = {item for item in before if not _has_ended(item, check)}
    if before and not after:
        return Decision("notify", f"{_names(before)} moved before and do not any more", "DRIFT_ENDED")
    if not check.judged:
        return Decision("ignore", "there was not enough to judge by")
    if check.items:
        return Decision("ignore", f"{_moved(check.items)}, which monitoring.response.to does not name")
    return Decision("ignore", "nothing has moved" if not after else f"not judged again yet: {_names(after)}")


def _retrain(situation: Situation, found: frozenset[Item]) -> Decision:
    if not situation.check.explains:
        return _explain(situation, found)
    no = refusal(situation.response, situation.now, situation.retrains, situation.obstacle, situation.data)
    if no is None:
        return Decision("retrain", f"{_moved(found)}: a retrain on {situation.data.told} was asked for", "DRIFT_FOUND")
    return _tell_or_leave(situation, found, no)


def _explain(situation: Situation, found: frozenset[Item]) -> Decision:
    """What Model Monitor found is told by our own check of the same hours, once a day where that finds it too."""
    check = situation.check
    no = not_now(situation.response, situation.now, situation.retrains, situation.obstacle)
    if no is None:
        asked = next((each for each in situation.earlier if each.asks and each.overlaps(check)), None)
        if asked:
            why = f"check {asked.check_id} of the same hours has our own job look at them: it explains and decides"
            return Decision("ignore", f"{_moved(found)}: {why}")
        own = [each for each in situation.earlier if _has_explained(each, check, found)]
        if own:
            latest = max(own, key=lambda each: each.window_end)
            why = f"check {latest.check_id}, of our own job, has looked at this traffic and decides"
            no = Refusal("explained", why)
    if no:
        return _tell_or_leave(situation, found, no)
    why = "our own job looks at the same hours now, explains it, and decides on a retrain"
    return Decision("notify", f"{_moved(found)}: {why}", asks_for_a_check=True)


def _has_explained(own: Checked, check: Checked, found: frozenset[Item]) -> bool:
    """It looked at the hours themselves; or it found the same within the day before them."""
    if not (own.explains and own.judged):
        return False
    return own.overlaps(check) or (found <= own.items and own.window_end > check.window_start - DAY)


def _tell_or_leave(situation: Situation, found: frozenset[Item], no: Refusal | None) -> Decision:
    told = _told(situation.earlier)
    new = frozenset(item for item in found if told.get(item) != situation.check.version)
    why = f". No retrain follows: {no.reason}" if no else ""
    if new:
        grown = f"; also known: {_names(found - new)}" if found - new else ""
        return Decision("notify", f"{_moved(new)}{grown}{why}", "DRIFT_FOUND", no)
    if no and no.kind == "nothing-new" and not _refusal_was_told(situation, no):
        return Decision("notify", f"{_moved(found)} still{why}", "DRIFT_FOUND", no)
    return Decision("ignore", f"{_moved(found)} still, as was told{why}", None, no)


def _refusal_was_told(situation: Situation, no: Refusal) -> bool:
    """Since the drift of this version began."""
    return any(
        each.told and each.refused == no.kind and each.version == situation.check.version for each in situation.earlier
    )


def _told(checks: Iterable[Checked]) -> dict[Item, int | None]:
    """What people know to have drifted, and of which version, after these checks."""
    known: dict[Item, int | None] = {}
    for check in sorted(checks, key=lambda each: each.window_end):
        known = {item: version for item, version in known.items() if not _has_ended(item, check)}
        known |= dict.fromkeys(check.items, check.version) if check.told else {}
    return known


def _has_ended(item: Item, check: Checked) -> bool:
    if not check.explains and item[0] not in _MODEL_MONITORS:
        return "data-quality" in check.judged and not check.items  # it never looks at these: they go with the rest
    return item[0] in check.judged and item not in check.items


def _in_a_row(situation: Situation) -> int:
    """Checks that found drift, this one included, one after the other; of checks of the same hours one counts.

    The row ends at a check that looked at what has drifted now, and found nothing: not at one that could not look.
    """
    row, begins = 0, None
    drifted = {dimension for dimension, _ in _acted_on(situation.check.items, situation.response)}
    # Sorting keeps equals in order: of one hour's checks this one comes first.
    until_now = [each for each in situation.earlier if each.window_end <= situation.check.window_end]
    for check in sorted([situation.check, *until_now], key=lambda each: each.window_end, reverse=True):
        if check.version != situation.check.version or not check.judged & drifted:
            continue
        if not _acted_on(check.items, situation.response):
            break
        if begins is None or check.window_end <= begins:
            row, begins = row + 1, check.window_start
    return row


def _acted_on(items: frozenset[Item], policy: DriftResponse) -> frozenset[Item]:
    return frozenset(item for item in items if item[0] in policy.to)


def _moved(items: Iterable[Item]) -> str:
    return f"drift in {_names(items)}"


def _names(items: Iterable[Item]) -> str:
    return named([f"{name} ({dimension})" if name else dimension for dimension, name in sorted(items)])
