import json
from typing import Any

import pytest

from sluice.plan import Champion, CodeVersion, Past, RunPlan, Surroundings, Upload, definition_document, plan_run
from sluice.tuning.plan import EarlierSearch
from tests.definitions import definition

CUSTOM = "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:3"


def plan(past: Past | None = None, **changes: Any) -> RunPlan:
    code = CodeVersion("ab12", "s3://b/code/ab12/processing/", "s3://b/code/ab12/sourcedir.tar.gz")
    surroundings = Surroundings("dev", "b", "role", "xgboost-image", code, None)
    upload = Upload("b", "models/churn/raw/churn.csv", "v1", "e", 10, "o")
    return plan_run("261120202448-3fa2", definition(**changes), upload, surroundings, past or Past())


def test_the_jobs_read_the_features_in_the_definitions_order() -> None:
    """It is the order in which an endpoint takes a row without names."""
    features = {"zeta": {"type": "numeric"}, "alpha": {"type": "categorical"}}

    document = json.loads(definition_document(definition(data__features=features)))

    assert list(document["data"]["features"]) == ["zeta", "alpha"]


def test_the_definition_reaches_the_script_as_hyperparameters() -> None:
    training = {"hyperparameters": {"eta": 0.1}, "class_weight": "balanced", "checkpoint_rounds": 10}

    planned = plan(training=training, evaluation={"threshold": "cost", "cost_ratio": 5})

    assert planned.training.hyperparameters == {
        "eta": "0.1",
        "algorithm": "xgboost",
        "class_weight": "balanced",
        "checkpoint_rounds": "10",
        "memory_share": "0.6",
        "decision_threshold": "cost:5",
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": "s3://b/code/ab12/sourcedir.tar.gz",
    }


def test_constraints_reach_the_script_as_json_text() -> None:
    """The container decodes each hyperparameter once, and passes an object on as name=value,name=value."""
    constraints = {"age": "increasing"}

    sent = plan(training={"monotone_constraints": constraints}).training.hyperparameters["monotone_constraints"]

    assert json.loads(json.loads(sent)) == constraints


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_only_a_binary_task_has_a_threshold(task: str) -> None:
    assert "decision_threshold" not in plan(data__task=task, data__positive_label=None).training.hyperparameters


def test_a_custom_image_gets_csv_and_its_own_hyperparameters_only() -> None:
    training = {"algorithm": "custom", "image": CUSTOM, "hyperparameters": {"depth": 3, "algorithm": "mine"}}

    planned = plan(training=training)

    assert planned.training.image_uri == CUSTOM
    assert planned.training.hyperparameters == {"depth": "3", "algorithm": "mine"}
    assert (planned.split_format, planned.split_content_type) == ("csv", "text/csv")
    assert planned.image_uri == "xgboost-image"


def test_only_preprocess_is_spread_over_instances() -> None:
    planned = plan(data__mode="append", processing={"instance_count": 3, "instance_type": "ml.m5.xlarge"})

    assert (planned.preprocess.instance_count, planned.evaluate.instance_count) == (3, 1)
    assert {planned.preprocess.instance_type, planned.evaluate.instance_type} == {"ml.m5.xlarge"}


def test_a_run_without_tuning_searches_nothing() -> None:
    assert plan().tuning is None
    assert plan().training.hyperparameters_of == "definition"


def test_a_search_is_asked_for_in_sagemakers_words() -> None:
    ranges = {
        "eta": {"type": "continuous", "min": 0.01, "max": 0.3, "scaling": "Logarithmic"},
        "max_depth": {"type": "integer", "min": 2, "max": 6},
        "subsample": {"type": "categorical", "values": [0.5, 1]},
    }

    search = plan(tuning={"enabled": True, "ranges": ranges, "max_jobs": 8, "early_stopping": "Auto"}).tuning

    assert search is not None
    assert search.job_name == "sluice-dev-261120202448-3fa2"
    assert search.warm_start is None
    assert search.config == {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "ContinuousParameterRanges": [
                {"Name": "eta", "MinValue": "0.01", "MaxValue": "0.3", "ScalingType": "Logarithmic"}
            ],
            "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "6", "ScalingType": "Auto"}],
            "CategoricalParameterRanges": [{"Name": "subsample", "Values": ["0.5", "1"]}],
        },
        "TrainingJobEarlyStoppingType": "Auto",
        "RandomSeed": 42,
    }


def test_what_is_searched_is_not_also_set() -> None:
    """SageMaker refuses a name that is both static and searched; and trials keep no checkpoints."""
    training = {"hyperparameters": {"eta": 0.1, "reg_alpha": 1}, "checkpoint_rounds": 10}
    planned = plan(training=training, tuning={"enabled": True})

    assert planned.tuning is not None
    static = planned.tuning.static_hyperparameters
    assert "eta" not in static
    assert (static["reg_alpha"], static["sagemaker_program"], static["checkpoint_rounds"]) == ("1", "train.py", "0")
    assert planned.training.hyperparameters["eta"] == "0.1"
    assert planned.training.hyperparameters["checkpoint_rounds"] == "10"


def test_grid_names_no_number_of_jobs() -> None:
    ranges = {
        "max_depth": {"type": "categorical", "values": [3, 4, 5]},
        "eta": {"type": "categorical", "values": [0.1]},
    }

    search = plan(tuning={"enabled": True, "strategy": "Grid", "ranges": ranges, "parallel_jobs": 8}).tuning

    assert search is not None
    assert search.config["ResourceLimits"] == {"MaxParallelTrainingJobs": 3}
    assert search.max_jobs == 3


@pytest.mark.parametrize(
    ("tuning", "training", "resources"),
    [
        ({}, {}, {"MinResource": 10, "MaxResource": 302}),
        ({}, {"hyperparameters": {"num_round": 5}}, {"MinResource": 5, "MaxResource": 7}),
        ({"hyperband": {"min_resource": 3, "max_resource": 27}}, {}, {"MinResource": 3, "MaxResource": 29}),
    ],
)
def test_hyperband_knows_how_long_a_job_may_run(
    tuning: dict[str, Any], training: dict[str, Any], resources: dict[str, int]
) -> None:
    search = plan(training=training, tuning={"enabled": True, "strategy": "Hyperband", **tuning}).tuning

    assert search is not None
    assert search.config["StrategyConfig"] == {"HyperbandStrategyConfig": resources}
    # A job ends by itself before it is stopped, which would lose its model.
    assert int(search.static_hyperparameters["num_round"]) == resources["MaxResource"] - 2


def test_a_search_goes_on_from_an_earlier_one() -> None:
    search = plan(Past(search=EarlierSearch("sluice-dev-1")), tuning={"enabled": True, "warm_start": {}}).tuning

    assert search is not None
    assert search.warm_start == {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "sluice-dev-1"}],
    }


@pytest.mark.parametrize(
    ("changes", "goes_on"),
    [
        ({}, True),
        ({"tuning": {"objective": "validation:logloss"}}, False),
        ({"training": {"hyperparameters": {"reg_alpha": 1}}}, False),
        ({"training": {"monotone_constraints": {"age": "increasing"}}}, False),
    ],
    ids=["the same", "objective", "a hyperparameter more", "constraints"],
)
def test_a_search_that_sagemaker_would_refuse_to_go_on_from_begins_anew(changes: dict[str, Any], goes_on: bool) -> None:
    earlier = plan(tuning={"enabled": True}).to_json()["tuning"]
    past = Past(search=EarlierSearch("sluice-dev-1", earlier))
    tuning = {"enabled": True, "warm_start": {}, **changes.get("tuning", {})}

    search = plan(past, **{**changes, "tuning": tuning}).tuning

    assert search is not None
    assert (search.warm_start is not None) == goes_on


def test_the_baseline_of_a_search_has_the_champions_hyperparameters() -> None:
    champion = Champion("arn", "s3://b/m.tar.gz", hyperparameters={"eta": "0.07"})
    own = {"hyperparameters": {"eta": 0.1}}

    searched = plan(Past(champion), training=own, tuning={"enabled": True}).training
    trained = plan(Past(champion), training=own).training

    assert (searched.hyperparameters["eta"], searched.hyperparameters_of) == ("0.07", "champion")
    assert (trained.hyperparameters["eta"], trained.hyperparameters_of) == ("0.1", "definition")


def test_validation_is_planned_where_it_is_asked_for() -> None:
    assert plan().validation is None
    step = plan(validation={"enabled": True, "max_rows": 10}).validation
    assert step is not None
    assert (step.name, step.max_rows) == ("sluice-validate-dev-261120202448-3fa2", 10)
