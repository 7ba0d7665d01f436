"""Puts a transform job's answers together, in the order of the file's rows, and counts them."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from sluice.aws.object_writer import written_object
from sluice.aws.objects import Objects
from sluice.batch import BatchNames, BatchPlan, part_name
from sluice.errors import BadInputError

_CHUNK = 1 << 20
_GZIP = 16 + zlib.MAX_WBITS
_FAST = 1
"""zlib's level: packing must not take longer than the rest."""


class IncompleteAnswersError(BadInputError):
    """As many rows must come out as went in."""


@dataclass(frozen=True)
class Joining:
    objects: Objects

    def join(self, plan: BatchPlan, names: BatchNames) -> int:
        """Write the result, the header first, packed if the upload was; answers its rows.

        Raises IncompleteAnswersError, and then there is no result.
        """
        keys = self._answers(plan, names)
        pack, end = _packer() if plan.is_packed else (bytes, bytes)
        content_type = "application/gzip" if plan.is_packed else "text/csv"
        lines = 0
        with written_object(self.objects, plan.result_key, content_type) as result:
            for key in keys:
                for block in self._blocks(key):
                    lines += block.count(b"\n")
                    result.write(pack(block))
            result.write(end())
            if lines != plan.rows + 1:
                raise IncompleteAnswersError(
                    f"{plan.rows:,} rows went into the job {plan.name} and {max(lines - 1, 0):,} came out: a version "
                    "that was trained before batch scoring existed answers the header otherwise, so train a new one"
                )
        return plan.rows

    def _answers(self, plan: BatchPlan, names: BatchNames) -> list[str]:
        """By the parts' names: below which prefixes SageMaker puts them depends on those of the input."""
        found = {key.rpartition("/")[2]: key for key in self.objects.keys(names.answers)}
        wanted = [f"{part_name(number)}.out" for number in range(plan.parts)]
        missing = [name for name in wanted if name not in found]
        if missing:
            raise IncompleteAnswersError(f"the job {plan.name} left no {', '.join(missing[:5])} in {plan.output_uri}")
        return [found[name] for name in wanted]

    def _blocks(self, key: str) -> Iterator[bytes]:
        """Whole lines without blank ones: a container's answers may end in a line end of their own."""
        rest = b""
        with closing(self.objects.client.get_object(Bucket=self.objects.bucket, Key=key)["Body"]) as body:
            for chunk in body.iter_chunks(_CHUNK):
                block, newline, tail = (rest + chunk).rpartition(b"\n")
                if newline:
                    yield _without_blank(block + newline)
                rest = tail
        if rest:
            yield rest + b"\n"


def _without_blank(block: bytes) -> bytes:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if not block.startswith(b"\n") and b"\n\n" not in block:
        return block
    return b"".join(line + b"\n" for line in block.split(b"\n") if line)


def _packer() -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    packer = zlib.compressobj(_FAST, zlib.DEFLATED, _GZIP)
    return packer.compress, packer.flush
