import pytest

from codec.codec import BINARY, REGRESSION
from job import BadData
from training.objectives import OBJECTIVES
from training.rounds import History


def _history(task: str, metric: str, values: list[float]) -> History:
    history = History(OBJECTIVES[task])
    for number, value in enumerate(values):
        history.add(f"[{number}]\ttrain-{metric}:0.5\tvalidation-{metric}:{value!r}")
    return history


def test_the_first_of_the_best_rounds_is_kept():
    assert _history(BINARY, "auc", [0.6, 0.8, 0.7, 0.8]).best == 1
    assert _history(REGRESSION, "rmse", [0.6, 0.4, 0.7, 0.4]).best == 1


def test_training_is_settled_after_that_many_rounds_without_a_better_one():
    assert not History(OBJECTIVES[BINARY]).is_settled(1)
    assert not _history(BINARY, "auc", [0.6, 0.8, 0.7]).is_settled(2)
    assert _history(BINARY, "auc", [0.6, 0.8, 0.7, 0.8]).is_settled(2)


def test_a_line_is_in_the_form_that_metric_definitions_read():
    history = _history(BINARY, "auc", [0.1234567, 1e-7])
    assert history.line(0) == "[0]\ttrain-auc:0.500000\tvalidation-auc:0.123457"
    assert history.line(1).endswith("validation-auc:0.000000")
    assert len(history) == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_metric_without_a_value_is_refused(value: float):
    with pytest.raises(BadData, match=r"validation-auc is (nan|inf) in round 1: the validation split holds one class"):
        _history(BINARY, "auc", [0.5, value])
