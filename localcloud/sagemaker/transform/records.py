"""What DataProcessing does with each record: filter what goes in, join what comes out, filter what is kept."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from localcloud.sagemaker.transform.paths import Path, PathError

Format = Literal["csv", "json"]


class RecordError(ValueError):
    """A record cannot be read, filtered or joined; the message says which and why."""


@dataclass(frozen=True)
class DataProcessing:
    """`None` for a format: the bytes are passed as they are, and no filter is set."""

    format: Format | None
    join: bool
    input_filter: Path
    output_filter: Path

    @property
    def passes(self) -> bool:
        """Whether answers go out as they came."""
        return not self.join and self.output_filter.whole

    def request(self, record: bytes, number: int) -> bytes:
        """What the container gets of an input record; `number` counts from 1."""
        if self.input_filter.whole:
            return record
        return self._written(self._selected(self.input_filter, self._read(record, number), f"input record {number}"))

    def answers(self, inputs: Sequence[bytes], answer: bytes, first: int, *, lines: bool) -> list[bytes]:
        """The output records of one answer; `inputs` are the original records, the first of them number `first`."""
        if self.passes:
            return [answer]
        outputs = [line.removesuffix(b"\r") for line in answer.split(b"\n")] if lines else [answer]
        while outputs and not outputs[-1].strip():
            outputs.pop()
        if self.join and len(outputs) != len(inputs):
            raise RecordError(
                f"the container answered {len(outputs)} records to the {len(inputs)} from record {first} on, and "
                "JoinSource Input needs one for each; is the first line of the file a header, or the answer one array?"
            )
        originals = inputs if self.join else [b""] * len(outputs)
        pairs = zip(originals, outputs, strict=True)
        return [self._answer(original, output, first + at) for at, (original, output) in enumerate(pairs)]

    def _answer(self, original: bytes, output: bytes, number: int) -> bytes:
        told = self._read(output, number, "output")
        if self.join:
            told = self._joined(self._read(original, number), told)
        return self._written(self._selected(self.output_filter, told, f"output record {number}"))

    def _joined(self, original: Any, output: Any) -> Any:
        if self.format == "csv":
            return [*original, *output]
        if isinstance(original, dict):
            return {**original, "SageMakerOutput": output}
        return {"SageMakerInput": original, "SageMakerOutput": output}

    def _selected(self, path: Path, value: Any, where: str) -> Any:
        try:
            return path.select(value)
        except PathError as error:
            raise RecordError(f"{where}: {error}") from error

    def _read(self, record: bytes, number: int, which: str = "input") -> Any:
        try:
            text = record.decode()
            if self.format == "csv":
                return next(csv.reader([text], strict=True), [])
            return json.loads(text)
        except (ValueError, csv.Error) as error:
            name = "CSV" if self.format == "csv" else "JSON"
            raise RecordError(f"{which} record {number} is not {name}: {error}") from error

    def _written(self, value: Any) -> bytes:
        if self.format == "json":
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        row = io.StringIO()
        csv.writer(row, lineterminator="").writerow(value if isinstance(value, list) else [value])
        return row.getvalue().encode()
