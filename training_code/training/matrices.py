"""A split as preprocess wrote it → the matrix that XGBoost trains on."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from codec.codec import Codec
from job import BadData
from preprocessing.columns import floats_of


def read_matrix(xgboost: ModuleType, folder: Path, codec: Codec, nthread: int, reference: Any | None = None) -> Any:
    """A QuantileDMatrix of the folder's CSV files; a validation matrix takes the training matrix's bins."""
    table = _read_table(folder, columns=1 + len(codec.features))
    arrays = [floats_of(table[name]) for name in table.column_names]
    return xgboost.QuantileDMatrix(
        np.column_stack(arrays[1:]),
        label=arrays[0],
        feature_names=list(codec.names),
        feature_types=codec.xgboost_types,
        nthread=nthread,
        ref=reference,
    )


def _read_table(folder: Path, columns: int) -> pa.Table:
    files = sorted(path for path in folder.rglob("*.csv") if path.is_file())
    if not files:
        raise BadData(f"There is no .csv file in the channel {folder}: preprocess.py writes it.")
    names = [str(position) for position in range(columns)]
    return pa.concat_tables([_read_file(file, names) for file in files])


def _read_file(file: Path, names: list[str]) -> pa.Table:
    try:
        return pyarrow.csv.read_csv(
            str(file),
            read_options=pyarrow.csv.ReadOptions(column_names=names),
            convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float32())),
        )
    except pa.ArrowInvalid as error:
        raise BadData(
            f"{file} is not what features.json describes (the target and {len(names) - 1} numeric features, no "
            f"header): {error}. Give the codec that preprocess.py wrote with it."
        ) from error
