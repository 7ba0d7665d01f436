"""Windows of traffic with and without drift, judged by a check and by Evidently's defaults; prints counts as JSON.

    python -m benchmarks.sides.drift_windows FIRST COUNT

Customers of the churn example: every window is new ones. The reference is of TRAINING_ROWS, the model's own scores of
TEST_ROWS. A shifted number is half a standard deviation larger, a shifted category's most frequent level gives a tenth
of all rows to the other levels; which feature it is goes round by the window's number.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from benchmarks.sides.gate_pairs import Customers, Matrix, customers, train
from benchmarks.sides.traffic import Version, version_of
from codec.codec import CATEGORICAL, NUMERIC, Codec
from monitoring.check_plan import CheckPlan, MonitoringSettings
from monitoring.findings import find
from serving.artifact import Artifact

TRAINING_ROWS, TEST_ROWS, WINDOW_ROWS = 4_900, 700, 1_000
SHIFT, MOVED = 0.5, 0.1
KINDS = ("none", "number", "category")
SLICES = "plan"
PLAN = CheckPlan(
    check_id="251121100000-0001",
    model="churn",
    version=1,
    start="2026-11-21T10:00:00+00:00",
    end="2026-11-21T11:00:00+00:00",
    asked_at="2026-11-21T11:05:00+00:00",
)
SETTINGS = MonitoringSettings("auc")


def make_version(codec: Codec, known: Customers) -> Version:
    training, test = known[:TRAINING_ROWS], known[TRAINING_ROWS:]
    rng = np.random.default_rng(5)
    model = train(training, training.labels(rng), codec)
    artifact = Artifact(model, codec, {"threshold": 0.5})
    return version_of(artifact, training.rows, test.rows, test.labels(rng), SLICES)


def shifted(rows: Matrix, place: int, codec: Codec, scale: float, rng: np.random.Generator) -> Matrix:
    """scale: the training rows' standard deviation of a number; of a category it does not matter."""
    rows = rows.copy()
    column = rows[:, place]
    if codec.features[place].type == NUMERIC:
        column += SHIFT * scale
        return rows
    counts = np.bincount(column.astype(np.int64), minlength=len(codec.features[place].levels)).astype(float)
    most = int(counts.argmax())
    leaving = (column == most) & (rng.random(len(rows)) < MOVED * len(rows) / counts[most])
    counts[most] = 0
    column[leaving] = rng.choice(len(counts), int(leaving.sum()), p=counts / counts.sum())
    return rows


class Evidently:
    """DataDriftPreset with nothing set, on the training rows."""

    def __init__(self, codec: Codec, training: Matrix) -> None:
        self._codec = codec
        kinds = {kind: [f.name for f in codec.features if f.type == kind] for kind in (NUMERIC, CATEGORICAL)}
        self._columns = DataDefinition(numerical_columns=kinds[NUMERIC], categorical_columns=kinds[CATEGORICAL])
        self._reference = self._dataset(training)

    def _dataset(self, rows: Matrix) -> Dataset:
        frame = pd.DataFrame(rows.astype(np.float64), columns=list(self._codec.names))
        for feature in self._codec.features:
            if feature.type == CATEGORICAL:
                frame[feature.name] = np.array([*feature.levels, "new"])[frame[feature.name].astype(int)]
        return Dataset.from_pandas(frame, data_definition=self._columns)

    def judge(self, rows: Matrix) -> tuple[set[str], bool]:
        """The columns that it calls drifted, and whether it calls the whole data set so."""
        found = Report([DataDriftPreset()]).run(self._dataset(rows), self._reference).dict()
        drifted, whole = set(), False
        for metric in found["metrics"]:
            settings = metric["config"]
            if settings["type"].endswith("ValueDrift"):
                method, value, threshold = settings["method"], metric["value"], settings["threshold"]
                if value < threshold if "p_value" in method else value >= threshold:
                    drifted.add(settings["column"])
            elif settings["type"].endswith("DriftedColumnsCount"):
                whole = metric["value"]["share"] >= settings["drift_share"]
        return drifted, whole


def judge(version: Version, rows: Matrix, labels: np.ndarray) -> tuple[set[str], set[str]]:
    """The features that have drifted, and the dimensions with a violation."""
    found = find(PLAN, SETTINGS, version.reference, version.window(rows, labels), version.artifact)
    quality = {v["feature_name"] for v in found["violations"] if v["dimension"] == "data-quality"}
    return quality, {v["dimension"] for v in found["violations"]}


def main(first: int, count: int) -> None:
    known, codec = customers(TRAINING_ROWS + TEST_ROWS, seed=3)
    version, evidently = make_version(codec, known), Evidently(codec, known.rows[:TRAINING_ROWS])
    scales = np.nanstd(known.rows[:TRAINING_ROWS], axis=0)
    places = {kind: [at for at, f in enumerate(codec.features) if f.type == kind] for kind in (NUMERIC, CATEGORICAL)}
    found: Counter[str] = Counter()
    for window in range(first, first + count):
        for kind in KINDS:
            found.update(_answers(kind, window, version, evidently, scales, places))
    print(json.dumps(found))


def _answers(
    kind: str,
    window: int,
    version: Version,
    evidently: Evidently,
    scales: np.ndarray,
    places: Mapping[str, Sequence[int]],
) -> Iterator[str]:
    """What this window adds one to. Evidently, which takes more than twice our time, judges every second window."""
    codec, seed = version.artifact.codec, len(KINDS) * window + KINDS.index(kind)
    rng = np.random.default_rng((11, seed))
    new = _customers(seed + 1000, codec)
    labels, rows, moved = new.labels(rng), new.rows, None
    if kind != "none":
        candidates = places[NUMERIC if kind == "number" else CATEGORICAL]
        # Every feature meets both odd and even windows.
        place = candidates[window // 2 % len(candidates)]
        rows, moved = shifted(rows, place, codec, float(scales[place]), rng), codec.names[place]
    drifted, dimensions = judge(version, rows, labels)
    yield from _told(f"{kind} ours", drifted, bool(dimensions), moved)
    if window % 2 == 0:
        yield from _told(f"{kind} evidently", *evidently.judge(rows), moved)


def _told(who: str, drifted: set[str], whole: bool, moved: str | None) -> Iterator[str]:
    """whole: of ours, any dimension; of Evidently, the data set."""
    yield who
    yield from [f"{who} any column"] * bool(drifted)
    yield from [f"{who} named"] * (moved in drifted)
    yield from [f"{who} whole"] * whole


def _customers(seed: int, codec: Codec) -> Customers:
    """With the codes of the reference, whichever levels a window happens to hold."""
    new, own = customers(WINDOW_ROWS, seed)
    for place, feature in enumerate(codec.features):
        if feature.type == CATEGORICAL:
            known = {level: code for code, level in enumerate(feature.levels)}
            codes = np.array([known.get(level, len(known)) for level in own.features[place].levels])
            new.rows[:, place] = codes[new.rows[:, place].astype(int)]
    return new


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
