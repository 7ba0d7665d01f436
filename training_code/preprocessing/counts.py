"""counts.json: how many rows each split holds, and of which target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting
from codec.codec import BINARY, MULTICLASS, REGRESSION, Target
from definition import DataDefinition
from job import BadData
from preprocessing.agreement import gather_json
from preprocessing.assignment import SPLIT
from preprocessing.batch_encoding import WEIGHT
from preprocessing.exact_sum import as_float, exact_sum
from preprocessing.ingest import Ingested
from preprocessing.parallel import Workers
from preprocessing.spill import Block
from preprocessing.splitting import SPLITS, TRAIN, TRAIN_CODE, VALIDATION_CODE, SplitCodes
from preprocessing.target import TargetValues

Document = dict[str, Any]


@dataclass(frozen=True)
class BlockCounts:
    """By split: rows, rows by class (none for a regression), the exact sum of the target (regression only).

    weighted: the rows whose weight is above 0, as training reads it; all rows where there are no weights.
    """

    rows: list[int]
    classes: npt.NDArray[np.int64]
    sums: list[int]
    weighted: list[int]


def count_blocks(data: Ingested, values: TargetValues, workers: Workers) -> list[BlockCounts]:
    return list(workers.in_order(lambda block: _count(data, values, block), data.spill.blocks))


def _count(data: Ingested, values: TargetValues, block: Block) -> BlockCounts:
    splits, target = data.spill.read(block, SPLIT), values.read(block)
    rows = _rows_by_split(splits)
    weighted = rows
    if WEIGHT in block.places:
        weighted = _rows_by_split(splits[data.spill.read(block, WEIGHT).astype(np.float32) > 0])
    labels = len(values.target.classes)
    if values.target.task == REGRESSION:
        sums = [exact_sum(target[splits == code]) for code in range(len(SPLITS))]
        return BlockCounts(rows, np.zeros((len(SPLITS), 0), dtype=np.int64), sums, weighted)
    kept = splits < len(SPLITS)
    cells = splits[kept].astype(np.int64) * labels + target[kept]
    classes = np.bincount(cells, minlength=len(SPLITS) * labels).reshape(len(SPLITS), labels)
    return BlockCounts(rows, classes, [], weighted)


def _rows_by_split(splits: SplitCodes) -> list[int]:
    """Without the rejected rows."""
    rows: list[int] = np.bincount(splits, minlength=len(SPLITS))[: len(SPLITS)].tolist()
    return rows


def agree_counts(
    blocks: Sequence[BlockCounts], data: Ingested, rejected: int, values: TargetValues, meeting: Meeting
) -> Document:
    """rejected: on all hosts."""
    codes = range(len(SPLITS))
    mine = {
        "all_rows": data.row_count,
        "rows": [sum(block.rows[code] for block in blocks) for code in codes],
        "classes": [
            sum(block.classes[code] for block in blocks).tolist() if blocks else [] for code in range(len(SPLITS))
        ],
        "sums": [sum(block.sums[code] for block in blocks if block.sums) for code in codes],
    }
    hosts = gather_json(meeting, mine)
    rows = {name: sum(host["rows"][code] for host in hosts) for code, name in enumerate(SPLITS)}
    counts: Document = {"rows": sum(host["all_rows"] for host in hosts), **rows, "rejected": rejected}
    return counts | _of_target(hosts, rows, values.target)


def _of_target(hosts: Sequence[Mapping[str, Any]], rows: Mapping[str, int], target: Target) -> Document:
    if target.task == REGRESSION:
        sums = {name: sum(host["sums"][code] for host in hosts) for code, name in enumerate(SPLITS)}
        return {"target_mean": {name: as_float(sums[name], max(1, rows[name])) for name in SPLITS}}
    classes = {}
    for code, name in enumerate(SPLITS):
        of_hosts = [host["classes"][code] for host in hosts if host["classes"][code]]
        classes[name] = dict(zip(target.classes, map(sum, zip(*of_hosts, strict=True)), strict=True))
    if target.task != BINARY:
        return {"classes": classes}
    positive = target.classes[1]
    return {"positive_ratio": {n: classes[n][positive] / max(1, rows[n]) for n in SPLITS}, "classes": classes}


def check_splits(counts: Mapping[str, Any], definition: DataDefinition) -> None:
    """Each split needs rows; of a binary target both classes. Training needs every class there is."""
    for name in SPLITS:
        held = _what_is_wrong(counts, name, definition)
        if held:
            raise BadData(
                f"The {name} split holds {held} ({counts[name]} of {counts['rows']} rows): "
                f"{_NEEDED[definition.task].format(target=definition.target)} "
                "Upload more rows, or change data.split in model.yaml."
            )


def check_weights(blocks: Sequence[BlockCounts], definition: DataDefinition, meeting: Meeting) -> None:
    """Training needs a row that counts, and so does the split that decides when it stops. blocks: of this host."""
    if not definition.weight:
        return
    mine = [sum(block.weighted[code] for block in blocks) for code in range(len(SPLITS))]
    weighted = [sum(host) for host in zip(*gather_json(meeting, mine), strict=True)]
    for code in (TRAIN_CODE, VALIDATION_CODE):
        if not weighted[code]:
            raise BadData(
                f"The weights in column {definition.weight!r} are 0 in every row of the {SPLITS[code]} split: none "
                "would count. Upload rows with weights above 0, or remove data.weight from model.yaml."
            )


_NEEDED = {
    BINARY: "each split needs both values of {target!r}.",
    MULTICLASS: "each split needs rows, the train split rows of every class of {target!r}.",
    REGRESSION: "each split needs rows.",
}


def _what_is_wrong(counts: Mapping[str, Any], name: str, definition: DataDefinition) -> str:
    if not counts[name]:
        return "no row"
    if definition.task == BINARY and not 0 < counts["positive_ratio"][name] < 1:
        return "rows of one class only"
    absent = [label for label, count in counts["classes"][name].items() if not count] if "classes" in counts else []
    if definition.task == MULTICLASS and name == TRAIN and absent:
        return f"no row of the class {', '.join(map(repr, absent[:3]))}"
    return ""
