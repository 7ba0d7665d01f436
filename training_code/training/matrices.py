"""A channel → the matrix that XGBoost trains on, in memory, or on disk where memory does not suffice."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from codec.codec import Codec
from lean_xgboost import xgboost
from training.channels import Channel, Floats, Rows

# Of rows that XGBoost sees at once when it trains from disk: large enough that a page is worth its reading.
_PAGE_BYTES = 64 << 20


class Arrays(NamedTuple):
    """target: (n,); weight: (n,) or None; features: (n, features), column after column in memory."""

    target: Floats
    weight: Floats | None
    features: Floats

    def every(self, step: int, start: int = 0) -> "Arrays":
        """Views: they keep the whole alive."""
        rows = slice(start, None, step)
        return Arrays(self.target[rows], None if self.weight is None else self.weight[rows], self.features[rows])


class Matrices:
    """Makes the matrices of one training. cache: a folder for matrices on disk; None keeps them in memory."""

    def __init__(self, codec: Codec, nthread: int, max_bin: int, cache: Path | None = None) -> None:
        self._codec = codec
        self._cache = cache
        self._options = {"nthread": nthread, "max_bin": max_bin}

    @property
    def in_memory(self) -> bool:
        return self._cache is None

    def make(self, channel: Channel, class_weights: Floats | None = None, reference: Any | None = None) -> Any:
        """class_weights: by class code, times the rows' own. A matrix with a reference takes that one's bins."""
        if self._cache:
            return self._on_disk(self._cache, channel, class_weights, reference)
        return self._in_memory(read_arrays(channel), class_weights, reference)

    def make_part(self, channel: Channel, reference: Any, step: int, start: int) -> Any:
        """In memory, of every step-th row from `start` on, with the reference's bins."""
        return self._in_memory(read_arrays(channel).every(step, start), None, reference)

    def make_with_sample(self, channel: Channel, step: int, class_weights: Floats | None = None) -> tuple[Any, Any]:
        """The matrix, and one of every step-th of its rows (1: itself)."""
        if self._cache:
            matrix = self._on_disk(self._cache, channel, class_weights, None)
            return matrix, matrix if step == 1 else self._in_memory(_thinned(channel, step), class_weights, matrix)
        arrays = read_arrays(channel)
        matrix = self._in_memory(arrays, class_weights, None)
        return matrix, matrix if step == 1 else self._in_memory(arrays.every(step), class_weights, matrix)

    def _in_memory(self, arrays: Arrays, class_weights: Floats | None, reference: Any | None) -> Any:
        return xgboost.QuantileDMatrix(
            arrays.features,
            label=arrays.target,
            weight=_weights(arrays.target, arrays.weight, class_weights),
            feature_names=list(self._codec.names),
            feature_types=self._codec.xgboost_types,
            ref=reference,
            **self._options,
        )

    def _on_disk(self, cache: Path, channel: Channel, class_weights: Floats | None, reference: Any | None) -> Any:
        pages = _Pages(channel, class_weights, cache / f"{len(list(cache.iterdir()))}")
        return xgboost.ExtMemQuantileDMatrix(pages, ref=reference, **self._options)


def read_arrays(channel: Channel) -> Arrays:
    rows = channel.at_most
    target = np.empty(rows, dtype=np.float32)
    weight = None if channel.codec.weight is None else np.empty(rows, dtype=np.float32)
    features = np.empty((len(channel.codec.features), rows), dtype=np.float32)
    end = 0
    for batch in channel.batches():
        start, end = end, end + len(batch.target)
        target[start:end] = batch.target
        if weight is not None:
            weight[start:end] = batch.weight
        for position, column in enumerate(batch.columns):
            features[position, start:end] = column
    return Arrays(target[:end], None if weight is None else weight[:end], features[:, :end].T)


def _thinned(channel: Channel, step: int) -> Arrays:
    """Every step-th row of each batch; of the rest of a batch nothing stays in memory."""
    targets, weights, features = [], [], []
    for rows in channel.batches():
        targets.append(rows.target[::step].copy())
        features.append(np.column_stack([column[::step] for column in rows.columns]))
        if rows.weight is not None:
            weights.append(rows.weight[::step].copy())
    return Arrays(np.concatenate(targets), np.concatenate(weights) if weights else None, np.concatenate(features))


def _weights(target: Floats, weight: Floats | None, class_weights: Floats | None) -> Floats | None:
    if class_weights is None:
        return weight
    of_class: Floats = class_weights[target.astype(np.intp)]
    return of_class if weight is None else weight * of_class


class _Pages(xgboost.DataIter):  # type: ignore[misc]
    """The channel in pages of some ten thousand rows and more; XGBoost keeps them binned in files of that prefix."""

    def __init__(self, channel: Channel, class_weights: Floats | None, prefix: Path) -> None:
        prefix.mkdir()
        self._channel = channel
        self._class_weights = class_weights
        self._pages: Iterator[list[Rows]] = iter(())
        super().__init__(cache_prefix=str(prefix / "page"))

    def reset(self) -> None:
        self._pages = _pages(self._channel)

    def next(self, input_data: Callable[..., Any]) -> bool:
        page = next(self._pages, None)
        if page is None:
            return False
        codec = self._channel.codec
        target = np.concatenate([rows.target for rows in page])
        weights = [rows.weight for rows in page if rows.weight is not None]
        columns = [np.concatenate(parts) for parts in zip(*(rows.columns for rows in page), strict=True)]
        input_data(
            data=np.stack(columns).T,
            label=target,
            weight=_weights(target, np.concatenate(weights) if weights else None, self._class_weights),
            feature_names=list(codec.names),
            feature_types=codec.xgboost_types,
        )
        return True


def _pages(channel: Channel) -> Iterator[list[Rows]]:
    page: list[Rows] = []
    size = 0
    for rows in channel.batches():
        page.append(rows)
        size += len(rows.target) * len(rows.columns) * 4
        if size >= _PAGE_BYTES:
            yield page
            page, size = [], 0
    if page:
        yield page
