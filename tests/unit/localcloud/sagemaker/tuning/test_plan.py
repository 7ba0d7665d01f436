"""What a tuning job's request must hold; each refusal says what is wrong and where."""

import pytest

from localcloud.api import ApiError
from localcloud.sagemaker.tuning.plan import read_plan
from tests.unit.localcloud.sagemaker.tuning.requests import GRID, METRIC, tuning

HYPERBAND = {"Strategy": "Hyperband"}


def resources(**members):
    return {"StrategyConfig": {"HyperbandStrategyConfig": members}}


def test_a_request_is_read():
    plan = read_plan(tuning(limits={"MaxParallelTrainingJobs": 3, "MaxRuntimeInSeconds": 600}))
    assert (plan.strategy, plan.metric, plan.maximize) == ("Bayesian", METRIC, True)
    assert (plan.jobs, plan.parallel, plan.seed, plan.max_seconds) == (4, 3, 7, 600)
    assert not plan.early_stopping


def test_early_stopping_is_for_those_who_ask():
    assert read_plan(tuning(TrainingJobEarlyStoppingType="Auto")).early_stopping
    assert not read_plan(tuning(TrainingJobEarlyStoppingType="Off")).early_stopping


def test_without_a_seed_every_tuning_job_draws_its_own():
    seeds = {read_plan(tuning(name, RandomSeed=None)).seed for name in ("one", "two", "three")}
    assert len(seeds) == 3
    assert read_plan(tuning("one", RandomSeed=None)).seed in seeds


def test_any_seed_that_the_api_takes_will_do():
    assert read_plan(tuning(RandomSeed=2**33 + 5)).seed == 5


@pytest.mark.parametrize("number", [None, 6])
def test_a_grid_counts_its_own_jobs(number):
    limits = {"MaxNumberOfTrainingJobs": number, "MaxParallelTrainingJobs": 10}
    plan = read_plan(tuning(Strategy="Grid", ParameterRanges=GRID, limits=limits))
    assert (plan.jobs, plan.parallel) == (6, 6)


@pytest.mark.parametrize("name", ["epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"])
@pytest.mark.parametrize("text", ["9", '"9"'])
def test_hyperband_infers_its_resource_from_the_epochs(name, text):
    plan = read_plan(tuning(**HYPERBAND, definition={"StaticHyperParameters": {name: text}}))
    assert (plan.min_resource, plan.max_resource) == (1, 9)


def test_hyperbands_resources_are_taken_as_given():
    plan = read_plan(tuning(**HYPERBAND, **resources(MinResource=2, MaxResource=18)))
    assert (plan.min_resource, plan.max_resource) == (2, 18)


def without(*path):
    request = tuning()
    inside = request
    for member in path[:-1]:
        inside = inside[member]
    del inside[path[-1]]
    return request


CONFIG = "HyperParameterTuningJobConfig"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (without("TrainingJobDefinition"), "TrainingJobDefinition is required"),
        (without(CONFIG, "HyperParameterTuningJobObjective"), "HyperParameterTuningJobObjective is required"),
        (without(CONFIG, "ParameterRanges"), "HyperParameterTuningJobConfig.ParameterRanges is required"),
        (
            tuning(HyperParameterTuningJobObjective={"Type": "Minimize", "MetricName": "other"}),
            f"MetricName is other; TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions has {METRIC}",
        ),
        (
            tuning(definition={"StaticHyperParameters": {"rate": "1"}}),
            "rate is in ParameterRanges and in StaticHyperParameters",
        ),
        (
            tuning(definition={"StaticHyperParameters": {"_tuning_objective_metric": METRIC}}),
            "_tuning_objective_metric is SageMaker's own",
        ),
        (
            tuning(definition={"StaticHyperParameters": {f"p{number}": "1" for number in range(99)}}),
            "at most 100 hyperparameters; this makes 101",
        ),
        (tuning(Strategy="Grid"), "Grid takes categorical ranges only; rate is another"),
        (
            tuning(Strategy="Grid", ParameterRanges=GRID, limits={"MaxNumberOfTrainingJobs": 5}),
            "MaxNumberOfTrainingJobs is 5, and the grid has 6 combinations",
        ),
        (
            tuning(
                Strategy="Grid",
                ParameterRanges={
                    "CategoricalParameterRanges": [
                        {"Name": name, "Values": [str(value) for value in range(11)]} for name in "abc"
                    ]
                },
            ),
            "The grid has 1331 combinations",
        ),
        *(
            (
                tuning(Strategy=strategy, limits={"MaxNumberOfTrainingJobs": None}),
                f"MaxNumberOfTrainingJobs is required for the strategy {strategy}",
            )
            for strategy in ("Bayesian", "Random", "Hyperband")
        ),
        (tuning(limits={"MaxParallelTrainingJobs": 5}), "MaxParallelTrainingJobs is 5; it cannot be greater than"),
        (tuning(**resources(MaxResource=9)), "StrategyConfig is for the strategy Hyperband; the strategy is Bayesian"),
        (tuning(**HYPERBAND), "MaxResource is required"),
        (tuning(**HYPERBAND, definition={"StaticHyperParameters": {"epochs": "many"}}), "MaxResource is required"),
        (
            tuning(**HYPERBAND, **resources(MinResource=10, MaxResource=9)),
            "MinResource 10 is greater than MaxResource 9",
        ),
        (tuning(**HYPERBAND, **resources(MaxResource=20_001)), "it can be at most 20000"),
        (
            tuning(**HYPERBAND, **resources(MaxResource=9), TrainingJobEarlyStoppingType="Auto"),
            "TrainingJobEarlyStoppingType must be Off with the strategy Hyperband",
        ),
        (
            tuning(TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 1.0}),
            "HyperParameterTuningJobConfig.TuningJobCompletionCriteria is not implemented by the local cloud",
        ),
        (
            tuning(request={"TrainingJobDefinitions": [tuning()["TrainingJobDefinition"]]}),
            "TrainingJobDefinitions is not implemented",
        ),
        (tuning(request={"Autotune": {"Mode": "Enabled"}}), "Autotune is not implemented"),
        (
            tuning(ParameterRanges={"AutoParameters": [{"Name": "a", "ValueHint": "1"}]}),
            "ParameterRanges.AutoParameters is not implemented",
        ),
        (
            tuning(definition={"AlgorithmSpecification": {"AlgorithmName": "mine", "TrainingInputMode": "File"}}),
            "AlgorithmSpecification.AlgorithmName is not implemented",
        ),
        (
            tuning(definition={"TuningObjective": {"Type": "Maximize", "MetricName": METRIC}}),
            "TrainingJobDefinition.TuningObjective is not implemented",
        ),
        (
            tuning(definition={"HyperParameterTuningResourceConfig": {"InstanceCount": 1}}),
            "HyperParameterTuningResourceConfig is not implemented by the local cloud; use ResourceConfig",
        ),
    ],
)
def test_what_cannot_be_run_is_refused(request_, said):
    with pytest.raises(ApiError) as refusal:
        read_plan(request_)
    assert refusal.value.code == "ValidationException"
    assert said in refusal.value.message
