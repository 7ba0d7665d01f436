"""JSON Lines that lie by hour, `<prefix>yyyy/mm/dd/hh/….jsonl`, line by line: memory does not grow with them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from sluice.aws.objects import Objects
from sluice.monitoring.inputs import Stored

_CHUNK = 1 << 20


@dataclass(frozen=True)
class HourlyFiles:
    objects: Objects

    def lines(self, prefix: str, start: datetime, end: datetime) -> Iterator[bytes]:
        """Of the files from the hour of `start` to that of `end`, the oldest first; empty lines are left out."""
        for stored in self.stored(prefix, start, end):
            yield from self._of(stored.key)

    def stored(self, prefix: str, start: datetime, end: datetime) -> Iterator[Stored]:
        """The files themselves, of the same hours."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        first, last = f"{prefix}{start:%Y/%m/%d/%H/}", f"{prefix}{end:%Y/%m/%d/%H0}"  # 0 sorts right behind /
        day = start.date()
        while day <= end.date():
            found = self.objects.listed(f"{prefix}{day:%Y/%m/%d/}")
            yield from (stored for stored in found if first <= stored.key < last)
            day += timedelta(days=1)

    def _of(self, key: str) -> Iterator[bytes]:
        try:
            body = self.objects.client.get_object(Bucket=self.objects.bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return  # expired since it was listed
            raise
        with closing(body):
            yield from (line for line in body.iter_lines(_CHUNK) if line.strip())
