"""Copies an upload line by line to where its transform job reads it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from sluice.aws.object_writer import ObjectWriter, written_object
from sluice.aws.objects import Objects
from sluice.batch import MOST_BYTES, PreparedFile, ScoringFile, longest_line, part_bytes, part_name
from sluice.definition import Model
from sluice.naming import INTERMEDIATE_TAG
from sluice.plan import Upload
from sluice.uploads import UnusableUploadError, format_of, gunzipped


@dataclass(frozen=True)
class Preparing:
    objects: Objects

    def prepare(self, upload: Upload, definition: Model, prefix: str) -> PreparedFile:
        """Write the upload's rows as parts under `prefix`, the header in front of the first.

        Raises UnusableUploadError, and ObjectMissingError when that version is gone.
        """
        file = ScoringFile(self._chunks(upload), definition.data, longest_line(definition))
        parts = self._write(file, prefix, part_bytes(definition, upload.size))
        return PreparedFile(file.columns, file.rows, parts)

    def _chunks(self, upload: Upload) -> Iterator[bytes]:
        found = format_of(upload.key)
        if found.kind != "text":
            raise UnusableUploadError(f"{upload.key} is Parquet, and SageMaker cuts text: write it as CSV")
        if upload.size > MOST_BYTES:
            raise UnusableUploadError(f"the file holds more than {MOST_BYTES >> 30} GiB: cut it into several files")
        chunks = self.objects.stream(upload, max(upload.size, 1))
        return gunzipped(chunks, whole=True) if found.gzipped else chunks

    def _write(self, file: ScoringFile, prefix: str, most: int | None) -> int:
        """Answers how many parts there are. A file that is refused on its way leaves no part that is not whole."""
        number, written = 0, 0
        with ExitStack() as open_part:
            part = self._open(open_part, prefix, number)
            part.write(file.header_line())
            for block in file.blocks():
                if most is not None and written >= most * (number + 1):
                    open_part.close()
                    number += 1
                    part = self._open(open_part, prefix, number)
                part.write(block)
                written += len(block)
        return number + 1

    def _open(self, stack: ExitStack, prefix: str, number: int) -> ObjectWriter:
        key = f"{prefix}{part_name(number)}"
        return stack.enter_context(written_object(self.objects, key, "text/csv", INTERMEDIATE_TAG))
