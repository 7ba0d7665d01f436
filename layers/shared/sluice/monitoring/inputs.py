"""Which objects a check reads, of those that lie there. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sluice.monitoring.window import Window, hour_of

_HOUR = re.compile(r"(?:^|/)(\d{4}/\d{2}/\d{2}/\d{2})/[^/]+$")


@dataclass(frozen=True)
class Stored:
    """An object, and when it came."""

    key: str
    at: datetime

    @property
    def arrival(self) -> tuple[datetime, str]:
        """Sorts objects in the order in which they came."""
        return self.at, self.key


@dataclass(frozen=True)
class CheckInputs:
    """Keys, in order; of ground truth in that of their arrival.

    known: captures of hours before, which an earlier check has counted already. earlier: those of them that the job is
    given, for their labels and to know a request that comes again.
    """

    captures: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    ground_truth: tuple[str, ...] = ()
    new_labels: bool = False
    """Some ground truth came since the check before."""

    @property
    def worth_a_job(self) -> bool:
        """Labels that come in a quiet hour say how good the answers of the hours before were."""
        return bool(self.captures or (self.new_labels and self.earlier))


def hours_read(window: Window, lateness_hours: int) -> Window:
    """Of captures: the window's and, for what comes late, those before it."""
    return Window(hour_of(window.start) - timedelta(hours=lateness_hours), window.end)


@dataclass(frozen=True)
class Before:
    """The check before. at: when it listed what there was. keys: the captures that it was given, if that is known.

    An object stands in a listing from the end of its upload and bears the time of its beginning, so a time alone does
    not say whether a listing had it.
    """

    at: datetime
    keys: frozenset[str] = frozenset()

    def knew(self, stored: Stored) -> bool:
        return stored.key in self.keys if self.keys else stored.at < self.at


def choose_inputs(
    window: Window, captures: Iterable[Stored], ground_truth: Iterable[Stored], before: Before | None
) -> CheckInputs:
    """captures: of hours_read(). before: None where there was no check before.

    What lies in an hour before the window and was not there then has been seen by no check, so it counts now. A check
    that listed an object while another arrived counts it too: ids are counted once.
    """
    looked_at: list[str] = []
    known: list[str] = []
    for stored in captures:
        hour = _hour_of_key(stored.key)
        if hour is None or hour >= window.end:
            continue
        # An hour that a window begins within, as `--now` asks for it, is an earlier one too.
        counted = hour < window.start and before is not None and before.knew(stored)
        (known if counted else looked_at).append(stored.key)
    labels = sorted(ground_truth, key=lambda stored: stored.arrival)
    return CheckInputs(
        captures=tuple(sorted(looked_at)),
        earlier=tuple(sorted(known if labels else _beside(known, looked_at, window))),
        known=tuple(sorted(known)),
        ground_truth=tuple(stored.key for stored in labels),
        new_labels=any(before is None or stored.at >= before.at for stored in labels),
    )


def _beside(known: Iterable[str], looked_at: Iterable[str], window: Window) -> Iterator[str]:
    """Those of whose hours something counts now: the same request may stand in both, and counts once.

    The others are of interest for their labels only, and there are none.
    """
    hours = {_hour_of_key(key) for key in looked_at}
    hours |= {hour_of(window.start), hour_of(window.start) - timedelta(hours=1)}
    return (key for key in known if _hour_of_key(key) in hours)


def manifest(bucket: str, prefix: str, keys: Sequence[str]) -> str:
    """S3DataType ManifestFile (API Reference, S3DataSource): a prefix, then what follows it in each object's URI."""
    return json.dumps([{"prefix": f"s3://{bucket}/{prefix}"}, *(key.removeprefix(prefix) for key in keys)])


def listed_in(document: bytes) -> frozenset[str]:
    """The keys that such a manifest names."""
    head, *rest = json.loads(document)
    prefix = head["prefix"].removeprefix("s3://").partition("/")[2]
    return frozenset(f"{prefix}{each}" for each in rest)


def _hour_of_key(key: str) -> datetime | None:
    """Of the folder `yyyy/mm/dd/hh/` that it lies in; None for what lies elsewhere."""
    match = _HOUR.search(key)
    try:
        return datetime.strptime(match[1], "%Y/%m/%d/%H").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None
