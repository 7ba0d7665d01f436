"""Pairs of models before the gate: retrained on a resample, and worse by LOSS; prints its answers as JSON.

    python -m benchmarks.sides.gate_pairs FIRST COUNT

Customers of the churn example, whose true probabilities are known. Champion and challenger of a pair learn with
train.py's own parameters from two bootstrap resamples of one training set: which is better, and by how much, is
chance, but known: the AUC in the population tells it. The worse
challenger is the same one with noise on its log-odds, as much as it takes for its AUC in the population to be LOSS
below the champion's; there rows count by their true probabilities instead of labels. Test rows are drawn from a pool,
their labels anew for each pair.
"""

import importlib.util
import json
import sys
from collections import Counter
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.processes import ROOT, TRAINING_CODE

sys.path.insert(0, str(TRAINING_CODE))

from codec.codec import BINARY, CATEGORICAL, NUMERIC, Codec, Feature, Target
from evaluation.binary import Binary
from evaluation.bootstrap import Bootstrap
from evaluation.documents import feature_changes
from evaluation.paired import Judged, differences
from evaluation.ranking import area_under_roc
from job import Arguments
from lean_xgboost import xgboost
from sluice.definition.gate import ChampionComparison, Gate
from sluice.gate import Evaluation, decide
from training.hyperparameters import parse_hyperparameters
from training.objectives import xgboost_parameters

LOSS = 0.01
TRAINING_ROWS, ROUNDS = 5_000, 100
POOL, POPULATION = 400_000, 100_000
TEST_ROWS = (50_000, 700)
POLICIES = ("not-worse", "better")
# Halvings of the noise: the AUC is then met within a few millionths.
STEPS = 16
MOST_NOISE = 4.0
ONE_SIDED_95 = 1.645

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]


def _churn() -> ModuleType:
    spec = importlib.util.spec_from_file_location("churn_generate", ROOT / "examples/churn/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Customers:
    """As the model sees them, and the true probability of each to leave."""

    rows: Matrix
    truth: Floats

    def __getitem__(self, places: Any) -> "Customers":
        return Customers(self.rows[places], self.truth[places])

    def labels(self, rng: np.random.Generator) -> Floats:
        return (rng.random(len(self.truth)) < self.truth).astype(np.float64)


def customers(count: int, seed: int) -> tuple[Customers, Codec]:
    """Levels are coded in the order of their names."""
    columns, truth = _churn().generate(count, seed)
    features, encoded = [], []
    for name, column in columns.items():
        if name in ("customer_id", "churned"):
            continue
        if column.dtype.kind in "iuf":
            features.append(Feature(name, NUMERIC))
            encoded.append(column)
        else:
            levels, codes = np.unique(column, return_inverse=True)
            features.append(Feature(name, CATEGORICAL, tuple(levels.tolist())))
            encoded.append(codes)
    codec = Codec(Target("churned", BINARY, ("No", "Yes")), tuple(features), frozenset(), frozenset())
    return Customers(np.stack(encoded, axis=1).astype(np.float32), truth), codec


def train(data: Customers, labels: Floats, codec: Codec) -> Any:
    arguments = parse_hyperparameters(Arguments("gate"), ["--nthread", "1"])
    matrix = xgboost.DMatrix(data.rows, labels, feature_types=codec.xgboost_types, enable_categorical=True, nthread=1)
    return xgboost.train(xgboost_parameters(arguments, codec), matrix, ROUNDS)


def log_odds(model: Any, data: Customers) -> Floats:
    found: Matrix = model.inplace_predict(data.rows, predict_type="margin", validate_features=False)
    return found.astype(np.float64)


def population_auc(scores: Floats, truth: Floats) -> float:
    order = np.argsort(-scores)
    return float(area_under_roc(1 - truth[order], truth[order]))


def noise_for(wanted: float, scores: Floats, truth: Floats, rng: np.random.Generator) -> float:
    """How much of it lowers the scores' AUC in the population to what is wanted; 0 where it is no higher."""
    noise = rng.normal(size=len(scores))
    low, high = 0.0, MOST_NOISE
    if population_auc(scores, truth) <= wanted:
        return 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        above = population_auc(scores + middle * noise, truth) > wanted
        low, high = (middle, high) if above else (low, middle)
    return high


def answers(labels: Floats, challenger: Floats, champion: Floats, truth: float, codec: Codec) -> dict[str, str]:
    """The gate's outcome of the comparison, by policy; interval: whether its upper bound lies above the truth.

    claim: of policy better, whether it passes what in truth is not better.

    challenger, champion: log-odds. truth: the difference of their AUCs in the population.
    """
    models = tuple(
        Judged(Binary(0.5), (1 / (1 + np.exp(-scores))).astype(np.float32)) for scores in (challenger, champion)
    )
    measured = tuple(model.values(labels) for model in models)
    ours, theirs = models
    # Without replicates: the AUC's deviation is DeLong's.
    gaps = differences(labels, (ours, theirs), (measured[0], measured[1]), Bootstrap(0))
    document = {
        "binary_classification_metrics": measured[0],
        "dataset": {"item_count": len(labels), "positive_count": int(labels.sum())},
        "champion": {
            "package_arn": "champion",
            "binary_classification_metrics": measured[1],
            "differences": gaps,
            "features": feature_changes(codec, codec),
        },
    }
    evaluation = Evaluation.from_json(document)
    upper = float(gaps["auc"]["value"] or 0) + ONE_SIDED_95 * float(gaps["auc"]["standard_deviation"] or 0)
    found = {"interval": "holds" if upper >= truth else "misses"}
    for policy in POLICIES:
        checks = decide(evaluation, Gate(champion=ChampionComparison(policy=policy))).checks
        (found[policy],) = (check.outcome for check in checks if check.name == "champion.auc")
    found["claim"] = _claim(truth, found["better"])
    return found


def _claim(truth: float, outcome: str) -> str:
    if truth > 0:
        return "better"
    return "wrongly passed" if outcome == "pass" else "rightly refused"


def pair(seed: int, training: Customers, pool: Customers, codec: Codec) -> dict[str, str]:
    """Answers by kind, test rows and policy, as one text."""
    rng = np.random.default_rng((7, seed))
    known = training.labels(np.random.default_rng(11))
    models = []
    for _ in range(2):
        drawn = rng.integers(TRAINING_ROWS, size=TRAINING_ROWS)
        models.append(train(training[drawn], known[drawn], codec))
    challenger, champion = models
    population = pool[:POPULATION]
    live, new = (log_odds(model, population) for model in (champion, challenger))
    reached = population_auc(live, population.truth)
    truths = {"retrained": population_auc(new, population.truth) - reached, "worse": -LOSS}
    noise = noise_for(reached - LOSS, new, population.truth, rng)
    test = pool[rng.choice(POOL, TEST_ROWS[0], replace=False)]
    labels, theirs, ours = test.labels(rng), log_odds(champion, test), log_odds(challenger, test)
    kinds = {"retrained": ours, "worse": ours + noise * rng.normal(size=len(ours))}
    return {
        f"{kind} {rows} {policy}": outcome
        for kind, scores in kinds.items()
        for rows in TEST_ROWS
        for policy, outcome in answers(labels[:rows], scores[:rows], theirs[:rows], truths[kind], codec).items()
    }


def main(first: int, count: int) -> None:
    everyone, codec = customers(TRAINING_ROWS + POOL, seed=3)
    training, pool = everyone[:TRAINING_ROWS], everyone[TRAINING_ROWS:]
    found: dict[str, Counter[str]] = {}
    for seed in range(first, first + count):
        for name, outcome in pair(seed, training, pool, codec).items():
            found.setdefault(name, Counter())[outcome] += 1
        print(f"  pair {seed}", file=sys.stderr, flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
