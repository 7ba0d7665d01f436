from typing import Any

import numpy as np
import pytest

from evaluation import binary, multiclass, regression
from evaluation.binary import Binary
from evaluation.bootstrap import Bootstrap, shrink
from evaluation.multiclass import Multiclass
from evaluation.paired import Judged, differences
from evaluation.regression import Regression
from tests.unit.training_code.evaluation.pairs import two_class_models, two_models

FEW = Bootstrap(50)


def _compared(labels: Any, first: Judged, second: Judged, bootstrap: Bootstrap = FEW, most: int | None = None) -> Any:
    measured = first.values(labels), second.values(labels)
    return differences(labels, (first, second), measured, bootstrap, most)


def _binary(count: int, noise: float, **more: Any) -> tuple[Any, Judged, Judged]:
    labels, first, second = two_models(count, noise, **more)
    return labels, Judged(Binary(0.4), first), Judged(Binary(0.35), second)


def _regression(count: int, noise: float) -> tuple[Any, Judged, Judged]:
    rng = np.random.default_rng(0)
    labels = rng.lognormal(3, 0.5, count)
    seen = labels + rng.normal(0, 5, count)
    first, second = ((seen + noise * rng.normal(size=count)).astype(np.float32) for _ in range(2))
    return labels, Judged(Regression(), first), Judged(Regression(), second)


def _multiclass(count: int, noise: float) -> tuple[Any, Judged, Judged]:
    labels, first, second = two_class_models(count, 3, noise)
    return labels, Judged(Multiclass(("a", "b", "c")), first), Judged(Multiclass(("a", "b", "c")), second)


TASKS = {"binary": _binary, "multiclass": _multiclass, "regression": _regression}
NAMES = {"binary": binary.NAMES, "multiclass": multiclass.NAMES, "regression": regression.NAMES}


def _row_by_row(labels: Any, first: Judged, second: Judged, replicates: int) -> dict[str, float]:
    """The plain way: both models measured anew on rows that are drawn for both."""
    rng = np.random.default_rng(5)
    gaps: dict[str, list[float]] = {name: [] for name in first.task.names}
    for _ in range(replicates):
        rows = rng.integers(len(labels), size=len(labels))
        ours, theirs = (model.task.metrics(labels[rows], model.scores[rows], Bootstrap(0)) for model in (first, second))
        for name, drawn in gaps.items():
            drawn.append(float(ours[name]["value"] or 0) - float(theirs[name]["value"] or 0))
    return {name: float(np.std(drawn, ddof=1)) for name, drawn in gaps.items()}


@pytest.mark.parametrize("task", TASKS)
def test_a_difference_is_first_minus_second_and_scatters_as_rows_drawn_for_both_say(task: str):
    labels, first, second = TASKS[task](500, 0.6)
    found = _compared(labels, first, second, Bootstrap(400))
    ours, theirs = first.values(labels), second.values(labels)
    expected = _row_by_row(labels, first, second, 300)
    assert tuple(found) == NAMES[task]
    for name, difference in found.items():
        assert difference["value"] == ours[name]["value"] - theirs[name]["value"]
        # Both scatter: by 1/√800 and 1/√600.
        assert difference["standard_deviation"] == pytest.approx(expected[name], rel=0.2), name
        assert difference["method"] == ("delong" if (task, name) == ("binary", "auc") else "paired-bootstrap")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("count", [60, 2500])
def test_a_model_does_not_differ_from_itself(task: str, count: int):
    labels, first, _ = TASKS[task](count, 0.5)
    found = _compared(labels, first, first)
    assert all((entry["value"], entry["standard_deviation"]) == (0, 0) for entry in found.values())


@pytest.mark.parametrize("task", TASKS)
def test_what_both_models_fail_on_cancels_out(task: str):
    labels, first, other = TASKS[task](3000, 0.05)
    found = _compared(labels, first, Judged(first.task, other.scores))
    alone = first.task.metrics(labels, first.scores, FEW)
    known = {name for name, entry in found.items() if entry["value"] is not None}
    assert known == set(NAMES[task])
    for name in known - {"calibration_error"}:
        assert found[name]["standard_deviation"] < float(alone[name]["standard_deviation"] or 0) / 2.5, name


@pytest.mark.parametrize("task", TASKS)
def test_a_large_test_set_needs_no_more_rows(task: str):
    """Deviations over some drawn rows, shrunk, are those over all of them."""
    labels, first, second = TASKS[task](30_000, 0.4)
    some, all_of_them = (_compared(labels, first, second, Bootstrap(200), most) for most in (4000, None))
    assert shrink(30_000, 4000) < 0.4
    for name in NAMES[task]:
        expected = all_of_them[name]["standard_deviation"]
        assert some[name]["standard_deviation"] == pytest.approx(expected, rel=0.25), name


def test_two_rankings_with_other_groups_are_resampled_by_the_same_rows():
    """40,000 distinct scores in 1,000 groups of each model; the mean loss knows how much it scatters."""
    labels, first, second = _binary(40_000, 0.3)

    def losses(model: Judged) -> Any:
        given = model.scores.astype(float)
        return -np.log(np.where(labels == 1, given, 1 - given))

    expected = np.std(losses(first) - losses(second)) / np.sqrt(len(labels))
    found = _compared(labels, first, second, Bootstrap(400))
    assert found["log_loss"]["standard_deviation"] == pytest.approx(expected, rel=0.12)


def test_a_loss_is_shown_at_its_size():
    labels, first, second = _binary(20_000, 0.3, worse=0.5)
    auc = _compared(labels, first, second)["auc"]
    assert auc["value"] < -5 * auc["standard_deviation"]


def test_it_is_seeded():
    labels, first, second = _binary(300, 0.3)
    assert _compared(labels, first, second) == _compared(labels, first, second)
    assert _compared(labels, first, second) != _compared(labels, first, second, Bootstrap(50, seed=7))


def test_with_one_class_what_needs_both_is_null():
    scores = np.array([0.2, 0.3, 0.6], np.float32)
    found = _compared(np.zeros(3), Judged(Binary(0.5), scores), Judged(Binary(0.5), scores[::-1]))
    undefined = {name for name, entry in found.items() if entry["value"] is None}
    assert {"auc", "recall", "precision_recall_auc"} <= undefined
    assert all(found[name]["standard_deviation"] is None for name in undefined)
    assert found["log_loss"]["value"] == 0


def test_a_target_of_zero_has_no_relative_error_to_compare():
    labels, first, second = _regression(50, 1.0)
    labels[3] = 0
    found = _compared(labels, first, second)
    assert found["mape"] == {"value": None, "standard_deviation": None, "method": "paired-bootstrap"}
    assert found["mae"]["standard_deviation"] > 0


def test_a_champion_may_know_a_class_more():
    labels, first, _ = _multiclass(400, 0.5)
    wide = np.concatenate([first.scores * 0.8, np.full((400, 1), 0.2, np.float32)], axis=1)
    champion = Judged(Multiclass(("a", "b", "c", "gone")), wide)
    found = _compared(labels, first, champion)
    assert found["auc"]["value"] == pytest.approx(0)
    # Every probability of the truth is 0.8 of what it was.
    assert found["log_loss"]["value"] == pytest.approx(np.log(0.8), abs=1e-3)
    assert found["log_loss"]["standard_deviation"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("replicates", [0, 1])
def test_without_replicates_only_delong_knows_a_deviation(replicates: int):
    labels, first, second = _binary(100, 0.5)
    found = _compared(labels, first, second, Bootstrap(replicates))
    assert found["auc"]["standard_deviation"] > 0
    assert all(entry["standard_deviation"] is None for name, entry in found.items() if name != "auc")
    labels, first, second = _multiclass(100, 0.5)
    found = _compared(labels, first, second, Bootstrap(replicates))
    assert all(entry["value"] is not None and entry["standard_deviation"] is None for entry in found.values())
