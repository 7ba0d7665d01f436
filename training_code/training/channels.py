"""The files of one split as preprocess wrote them, CSV or Parquet, batch by batch as numbers.

CSV: no header; the target, the weight where the codec names one, the features. Parquet: the same columns by name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from codec.codec import Codec
from job import BadData
from lean_arrow import pyarrow as pa

Floats = npt.NDArray[np.float32]

_BATCH_ROWS = 65536
_CSV_BLOCK = 4 << 20


@dataclass(frozen=True)
class Rows:
    """target: (n,); weight: (n,) or None; columns: a (n,) float32 array per feature, NaN where missing."""

    target: Floats
    weight: Floats | None
    columns: Sequence[Floats]


@dataclass(frozen=True)
class Channel:
    """files: all .csv or all .parquet. at_most: their rows, a line break too many counted as one."""

    files: tuple[Path, ...]
    codec: Codec
    at_most: int

    @property
    def float_bytes(self) -> int:
        return self.at_most * 4 * len(self._names)

    def batches(self) -> Iterator[Rows]:
        """Raises BadData where a file is not of this codec, or none holds a row."""
        total = 0
        for file, (target, *rest) in self._batches(self._names):
            self._check(file, target, rest)
            weight = rest.pop(0) if self.codec.weight else None
            total += len(target)
            yield Rows(target, weight, rest)
        if not total:
            raise BadData(
                f"{self.files[0]} holds no row: give more data, another split in model.yaml, or fewer instances."
            )

    def targets(self) -> Iterator[tuple[Floats, Floats | None]]:
        """Targets and weights alone."""
        names = self._names[: 2 if self.codec.weight else 1]
        for file, (target, *weight) in self._batches(names):
            self._check(file, target, weight)
            yield target, weight[0] if weight else None

    @property
    def _names(self) -> list[str]:
        return [name for name in (self.codec.target.name, self.codec.weight, *self.codec.names) if name is not None]

    def _batches(self, names: list[str]) -> Iterator[tuple[Path, list[Floats]]]:
        for file in self.files:
            read = _read_csv if file.suffix == ".csv" else _read_parquet
            try:
                for batch in read(file, self._names, names):
                    yield file, [_floats(column) for column in batch.columns]
            except pa.ArrowException as error:
                raise _unfit(file, self.codec, str(error)) from error

    def _check(self, file: Path, target: Floats, rest: Sequence[Floats]) -> None:
        """rest: the weight first, where there is one."""
        if self.codec.weight and not np.min(rest[0], initial=0) >= 0:
            raise _unfit(file, self.codec, f"the column {self.codec.weight} holds a weight that is missing or below 0")
        classes = len(self.codec.target.classes)
        good = np.isin(target, np.arange(classes)) if classes else np.isfinite(target)
        if not good.all():
            wanted = f"a code below {classes}" if classes else "a number"
            raise _unfit(file, self.codec, f"the target {target[~good][0]} is not {wanted}")


def open_channel(folder: Path, codec: Codec) -> Channel:
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".csv", ".parquet") and path.is_file())
    if not files:
        raise BadData(f"There is no .csv or .parquet file in the channel {folder}: preprocess.py writes it.")
    if len({file.suffix for file in files}) > 1:
        raise BadData(f"The channel {folder} holds .csv and .parquet files: keep those of one run of preprocess.py.")
    return Channel(tuple(files), codec, sum(_count(file, codec) for file in files))


def _count(file: Path, codec: Codec) -> int:
    if file.suffix == ".csv":
        with file.open("rb") as stream:
            return 1 + sum(block.count(b"\n") for block in iter(lambda: stream.read(_CSV_BLOCK), b""))
    try:
        return int(pyarrow.parquet.read_metadata(file).num_rows)
    except pa.ArrowException as error:
        raise _unfit(file, codec, str(error)) from error


def _read_csv(file: Path, names: list[str], wanted: list[str]) -> Iterator[pa.RecordBatch]:
    if not file.stat().st_size:
        return
    yield from pyarrow.csv.open_csv(
        str(file),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_CSV_BLOCK),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.float32()), include_columns=wanted
        ),
    )


def _read_parquet(file: Path, names: list[str], wanted: list[str]) -> Iterator[pa.RecordBatch]:
    with pyarrow.parquet.ParquetFile(file) as parquet:
        if parquet.schema_arrow.names != names:
            raise pa.ArrowInvalid(f"its columns are {', '.join(parquet.schema_arrow.names)}")
        yield from parquet.iter_batches(_BATCH_ROWS, columns=wanted)


def _floats(column: pa.Array) -> Floats:
    if column.type != pa.float32():
        column = pc.cast(column, pa.float32(), safe=False)
    if column.null_count:
        column = pc.fill_null(column, np.nan)
    floats: Floats = np.from_dlpack(column)
    return floats


def _unfit(file: Path, codec: Codec, why: str) -> BadData:
    columns = " and ".join(["the target", *(["a weight"] if codec.weight else []), f"{len(codec.features)} features"])
    return BadData(
        f"{file} is not what features.json describes ({columns}, all numbers): {why}. "
        "Give the codec that preprocess.py wrote with it."
    )
