"""Warm start: which parents are taken, and what is learned from them."""

import pytest

from localcloud.api import ApiError
from localcloud.sagemaker.tuning.service import described
from localcloud.sagemaker.tuning.warm_start import Lesson, Parent, check, lessons, overall_best, parent_names
from tests.unit.localcloud.sagemaker.tuning.requests import METRIC, RANGES, tuning

FIRST = tuning("first")
STATIC = FIRST["TrainingJobDefinition"]["StaticHyperParameters"]


def parent(request=FIRST, status="Completed", summaries=()):
    description = described(request, "arn:first") | {"HyperParameterTuningJobStatus": status}
    return Parent(description, summaries)


def summary(name, value, rate="0.5", status="Completed"):
    objective = {"FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": METRIC, "Value": value}}
    return {
        "TrainingJobName": name,
        "TrainingJobStatus": status,
        "TunedHyperParameters": {"rate": rate},
        "ObjectiveStatus": "Failed" if value is None else "Succeeded",
    } | ({} if value is None else objective)


def starting(kind="IdenticalDataAndAlgorithm", *names):
    parents = [{"HyperParameterTuningJobName": name} for name in names or ("first",)]
    return {"WarmStartConfig": {"WarmStartType": kind, "ParentHyperParameterTuningJobs": parents}}


def test_a_tuning_job_names_its_parents():
    assert parent_names(tuning()) == []
    assert parent_names(tuning(request=starting("TransferLearning", "a", "b"))) == ["a", "b"]


@pytest.mark.parametrize(
    ("parents", "said"),
    [
        ([{"HyperParameterTuningJobName": "a"}, {"HyperParameterTuningJobName": "a"}], "must be unique"),
        ([{}], "HyperParameterTuningJobName is required"),
    ],
)
def test_each_parent_is_named_once(parents, said):
    config = {"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": parents}
    with pytest.raises(ApiError, match=said):
        parent_names({"WarmStartConfig": config})


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped"])
def test_a_parent_that_has_ended_will_do(status):
    check(tuning(), parent(status=status))


TUNED_MORE = {
    "ContinuousParameterRanges": [*RANGES["ContinuousParameterRanges"], {"Name": "b", "MinValue": "0", "MaxValue": "1"}]
}


def test_a_static_hyperparameter_may_become_tunable():
    static = parent(tuning("first", definition={"StaticHyperParameters": {**STATIC, "b": "0.5"}}))
    check(tuning(ParameterRanges=TUNED_MORE), static)


@pytest.mark.parametrize(
    ("request_", "first", "said"),
    [
        (tuning(), parent(status="InProgress"), "The parent tuning job first is InProgress; it must have ended"),
        (tuning(), parent(status="Stopping"), "The parent tuning job first is Stopping; it must have ended"),
        (
            tuning(HyperParameterTuningJobObjective={"Type": "Minimize", "MetricName": METRIC}),
            parent(),
            f"The objective of the parent tuning job first is Maximize {METRIC}",
        ),
        (
            tuning(ParameterRanges={"IntegerParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]}),
            parent(),
            "The hyperparameter rate is Integer here and Continuous in the parent tuning job first",
        ),
        (
            tuning(ParameterRanges=TUNED_MORE),
            parent(),
            "This tuning job has 4 static and tunable hyperparameters and its parent first has 3",
        ),
    ],
)
def test_a_parent_that_searched_for_something_else_is_refused(request_, first, said):
    with pytest.raises(ApiError) as refusal:
        check(request_, first)
    assert refusal.value.code == "ValidationException"
    assert said in refusal.value.message


def test_every_value_is_a_lesson_with_all_its_hyperparameters():
    summaries = [summary("a", 0.8, "0.1"), summary("b", None), summary("c", 0.5, "0.9", "Stopped")]
    static = {**STATIC, "_tuning_objective_metric": METRIC}
    assert lessons([parent(summaries=summaries)]) == [
        Lesson({**static, "rate": "0.1"}, 0.8),
        Lesson({**static, "rate": "0.9"}, 0.5),
    ]


def test_the_best_of_all_counts_where_data_and_algorithm_are_the_same():
    own, first = [summary("own", 0.7)], parent(summaries=[summary("a", 0.8), summary("b", 0.6)])
    best = overall_best(tuning(request=starting()), own, [first], maximize=True)
    assert best is not None
    assert (best["TrainingJobName"], best["TuningJobName"]) == ("a", "first")
    least = overall_best(tuning(request=starting()), [summary("own", 0.1)], [first], maximize=False)
    assert least is not None
    assert (least["TrainingJobName"], least["TuningJobName"]) == ("own", "tune")
    assert overall_best(tuning(request=starting("TransferLearning")), own, [first], maximize=True) is None
    assert overall_best(tuning(), own, [], maximize=True) is None
