"""Files that lie by hour, `<prefix>yyyy/mm/dd/hh/…`, line by line or in blocks: memory does not grow with them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sluice.aws.objects import Objects
from sluice.monitoring.inputs import Stored

if TYPE_CHECKING:
    from botocore.response import StreamingBody

_CHUNK = 1 << 20


@dataclass(frozen=True)
class HourlyFiles:
    objects: Objects

    def lines(self, prefix: str, start: datetime, end: datetime) -> Iterator[bytes]:
        """Of the files from the hour of `start` to that of `end`, the oldest first; empty lines are left out."""
        for stored in self.stored(prefix, start, end):
            for body in self._body(stored.key):
                yield from (line for line in body.iter_lines(_CHUNK) if line.strip())

    def stored(self, prefix: str, start: datetime, end: datetime) -> Iterator[Stored]:
        """The files themselves, of the same hours."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        first, last = f"{prefix}{start:%Y/%m/%d/%H/}", f"{prefix}{end:%Y/%m/%d/%H0}"  # 0 sorts right behind /
        day = start.date()
        while day <= end.date():
            found = self.objects.listed(f"{prefix}{day:%Y/%m/%d/}")
            yield from (stored for stored in found if first <= stored.key < last)
            day += timedelta(days=1)

    def blocks(self, key: str) -> Iterator[bytes]:
        """A file's bytes as they lie there, 1 MiB at once."""
        for body in self._body(key):
            yield from body.iter_chunks(_CHUNK)

    def _body(self, key: str) -> "Iterator[StreamingBody]":
        """None of a file that expired since it was listed."""
        try:
            body = self.objects.client.get_object(Bucket=self.objects.bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return
            raise
        with closing(body):
            yield body
