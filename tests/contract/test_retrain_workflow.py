"""What the state machine asks AWS for passes AWS's own models, and it says so when the plan lacks something."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import jsonata
import pytest
import yaml
from botocore.validate import ParamValidator

from functions.start_run.request import StartRunRequest
from sluice.definition.tuning import OBJECTIVES
from sluice.images import image_uri
from sluice.plan import Champion, CodeVersion, Past, PreviousRun, Surroundings, Upload, plan_run
from sluice.tuning.plan import EarlierSearch
from tests.definitions import definition
from tests.events import load_event
from tests.template import resources_of

ROOT = Path(__file__).parents[2]
KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/1234"
CUSTOM_IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:3"
PACKAGE_ARN = "arn:aws:sagemaker:us-east-1:000000000000:model-package/g/1"
CHAMPION = Champion(PACKAGE_ARN, "s3://b/champion/model.tar.gz", "s3://b/champion/baseline/")
PAST = Past(
    CHAMPION, PreviousRun("261119202448-3fa2", "s3://b/previous/codec/counts.json"), EarlierSearch("sluice-dev-1")
)


@cache
def workflow() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "statemachines" / "retrain.asl.yaml").read_text())
    return document


def tasks(resource: str = "") -> dict[str, dict[str, Any]]:
    states = all_states().items()
    return {name: state for name, state in states if state["Type"] == "Task" and resource in state["Resource"]}


@cache
def all_states() -> dict[str, dict[str, Any]]:
    """Those within branches too; names are unique in a state machine."""
    found = dict(workflow()["States"])
    for state in workflow()["States"].values():
        for branch in state.get("Branches", ()):
            found |= branch["States"]
    return found


def plan(past: Past | None = None, kms_key_arn: str | None = None, **changes: Any) -> dict[str, Any]:
    surroundings = Surroundings(
        stage="dev",
        bucket="sluice-dev-000000000000-us-east-1",
        role_arn="arn:aws:iam::000000000000:role/jobs",
        image_uri=image_uri("xgboost", "us-east-1"),
        code=CodeVersion("ab12", "s3://b/code/ab12/processing/", "s3://b/code/ab12/sourcedir.tar.gz"),
        kms_key_arn=kms_key_arn,
    )
    upload = Upload("sluice-dev-000000000000-us-east-1", "models/churn/raw/churn.csv", "v1", "e", 10, "o")
    planned = plan_run("261120202448-3fa2", definition(**changes), upload, surroundings, past or Past())
    as_the_lambda_returns_it: dict[str, Any] = json.loads(json.dumps(planned.to_json()))
    return as_the_lambda_returns_it


def evaluated(value: Any, variables: dict[str, Any], states: dict[str, Any] | None = None) -> Any:
    """Arguments with every JSONata expression worked out, as Step Functions does."""
    if isinstance(value, dict):
        return {key: evaluated(entry, variables, states) for key, entry in value.items()}
    if isinstance(value, list):
        return [evaluated(entry, variables, states) for entry in value]
    if not (isinstance(value, str) and value.startswith("{%")):
        return value
    expression = jsonata.Jsonata(value.removeprefix("{%").removesuffix("%}").strip())
    for name, bound in {**variables, "states": states or {}}.items():
        expression.assign(name, bound)
    return _plain(expression.evaluate({}))


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value)) if isinstance(value, dict | list) else value


def request_of(state: str, run_plan: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The operation and its request, with what the states before it assign."""
    resource = all_states()[state]["Resource"]
    operation = resource.rsplit(":", 1)[1].removesuffix(".sync")
    arguments = evaluated(all_states()[state]["Arguments"], variables_of(run_plan))
    return operation[0].upper() + operation[1:], arguments


def variables_of(run_plan: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {"plan": run_plan, "training": TRAINING, "tuning": None}
    known["metric_definitions"] = all_states()["StartRun"]["Assign"]["metric_definitions"]
    known["channels"] = evaluated(all_states()["Preprocess"]["Assign"]["channels"], known)
    if run_plan["tuning"]:
        known["trials"] = evaluated(all_states()["DefineSearch"]["Assign"]["trials"], known)
    return known


TRAINING = {"job_name": "j", "job_arn": "arn:aws:sagemaker:us-east-1:0:training-job/j", "model_uri": "s3://b/m.tar.gz"}
RANGES = {"eta": {"type": "continuous", "min": 0.1, "max": 0.3}, "max_depth": {"type": "integer", "min": 2, "max": 4}}
TUNED = {"tuning": {"enabled": True, "ranges": RANGES, "warm_start": {}, "max_jobs": 4}}


@pytest.mark.parametrize("state", ["Preprocess", "Train", "Evaluate"])
@pytest.mark.parametrize(
    "run_plan",
    [
        plan(),
        plan(PAST, kms_key_arn=KEY_ARN),
        plan(training={"spot": True, "max_wait_seconds": 7200}),
        plan(data__mode="append"),
        plan(data__mode="append", processing={"instance_count": 2}, training={"instance_count": 3}),
        plan(training={"checkpoint_rounds": 10, "monotone_constraints": {"age": "increasing"}}),
        plan(training={"algorithm": "sklearn-random-forest"}),
        plan(training={"algorithm": "custom", "image": CUSTOM_IMAGE}),
        plan(data__task="regression", data__positive_label=None),
    ],
    ids=["plain", "champion and key", "spot", "append", "several", "checkpoints", "forest", "custom", "regression"],
)
def test_what_sagemaker_is_asked_for_passes_its_own_model(state: str, run_plan: dict[str, Any]) -> None:
    operation, request = request_of(state, run_plan)
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation)

    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize(
    "changes",
    [
        TUNED,
        {"tuning": {"enabled": True}, "training": {"spot": True, "max_wait_seconds": 7200}},
        {"tuning": {"enabled": True, "ranges": RANGES}, "training": {"algorithm": "custom", "image": CUSTOM_IMAGE}},
        {"tuning": {"enabled": True, "strategy": "Hyperband"}},
        {"tuning": {"enabled": True, "strategy": "Grid", "ranges": {"eta": {"type": "categorical", "values": [0.1]}}}},
    ],
    ids=["bayesian", "spot", "custom", "hyperband", "grid"],
)
def test_a_search_passes_sagemakers_own_model(changes: dict[str, Any]) -> None:
    operation, request = request_of("Tune", plan(PAST, kms_key_arn=KEY_ARN, **changes))
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation)

    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()
    assert ("WarmStartConfig" in request) == ("warm_start" in changes["tuning"])


def test_trials_and_baseline_read_the_same_data_and_print_the_same_metrics() -> None:
    trained, searched = requested("Train", **TUNED), requested("Tune", **TUNED)["TrainingJobDefinition"]

    assert searched["InputDataConfig"] == trained["InputDataConfig"]
    assert searched["AlgorithmSpecification"]["TrainingImage"] == trained["AlgorithmSpecification"]["TrainingImage"]
    emitted = [one["Name"] for one in trained["AlgorithmSpecification"]["MetricDefinitions"]]
    assert {name for objectives in OBJECTIVES.values() for name in objectives} <= set(emitted)


def test_only_an_own_image_defines_the_metrics_of_its_search() -> None:
    """SageMaker takes its XGBoost image for the built-in algorithm in a search, whose metrics are defined already."""
    own = {"tuning": {"enabled": True, "ranges": RANGES}, "training": {"algorithm": "custom", "image": CUSTOM_IMAGE}}

    def specification(**changes: Any) -> dict[str, Any]:
        found: dict[str, Any] = requested("Tune", **changes)["TrainingJobDefinition"]["AlgorithmSpecification"]
        return found

    assert "MetricDefinitions" not in specification(**TUNED)
    assert (
        specification(**own)["MetricDefinitions"] == requested("Train")["AlgorithmSpecification"]["MetricDefinitions"]
    )


@pytest.mark.parametrize(
    ("past", "added", "environment"),
    [
        (Past(), [], {}),
        (
            PAST,
            ["champion", "champion-baseline", "previous"],
            {"CHAMPION_PACKAGE_ARN": PACKAGE_ARN, "PREVIOUS_RUN_ID": "261119202448-3fa2"},
        ),
        (Past(Champion(PACKAGE_ARN, None)), [], {"CHAMPION_PACKAGE_ARN": PACKAGE_ARN}),
    ],
    ids=["first run", "champion", "champion without artifact"],
)
def test_evaluate_reads_what_there_is_of_earlier_runs(
    past: Past, added: list[str], environment: dict[str, str]
) -> None:
    """A job whose input does not exist fails."""
    _, request = request_of("Evaluate", plan(past))

    inputs = [entry["InputName"] for entry in request["ProcessingInputs"]]
    assert inputs == ["code", "definition", "holdout", "codec", "baseline", "model", *added]
    assert request["Environment"] == environment


def requested(state: str, **changes: Any) -> dict[str, Any]:
    _, request = request_of(state, plan(**changes))
    return request


def channels(request: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Each channel's content type and how it is spread over the instances."""
    return {
        channel["ChannelName"]: (
            channel["ContentType"],
            channel["DataSource"]["S3DataSource"]["S3DataDistributionType"],
        )
        for channel in request["InputDataConfig"]
    }


def test_several_instances_share_the_training_rows_and_see_all_of_validation() -> None:
    one, several = requested("Train"), requested("Train", training={"instance_count": 3})

    assert channels(one)["train"] == ("application/x-parquet", "FullyReplicated")
    assert channels(several) == {
        "train": ("application/x-parquet", "ShardedByS3Key"),
        "validation": ("application/x-parquet", "FullyReplicated"),
        "codec": ("application/json", "FullyReplicated"),
    }
    assert [request["EnableInterContainerTrafficEncryption"] for request in (one, several)] == [False, True]
    assert [request["ResourceConfig"]["InstanceCount"] for request in (one, several)] == [1, 3]


def test_preprocess_writes_as_many_training_files_as_instances_train() -> None:
    arguments = requested("Preprocess", training={"instance_count": 3})["AppSpecification"]["ContainerArguments"]

    assert {"--format=parquet", "--train-parts=3"} <= set(arguments)


@pytest.mark.parametrize(("count", "spread"), [(1, "FullyReplicated"), (2, "ShardedByS3Key")])
def test_several_instances_of_preprocess_share_the_files(count: int, spread: str) -> None:
    request = requested("Preprocess", data__mode="append", processing={"instance_count": count})
    inputs = {
        entry["InputName"]: entry["S3Input"].get("S3DataDistributionType") for entry in request["ProcessingInputs"]
    }

    assert inputs == {"code": None, "definition": None, "data": spread}
    assert request["NetworkConfig"]["EnableInterContainerTrafficEncryption"] is (count > 1)


def test_a_custom_image_trains_and_ours_does_the_rest() -> None:
    custom = {"training": {"algorithm": "custom", "image": CUSTOM_IMAGE, "hyperparameters": {"depth": 3}}}
    train, preprocess = requested("Train", **custom), requested("Preprocess", **custom)

    assert train["AlgorithmSpecification"]["TrainingImage"] == CUSTOM_IMAGE
    assert train["HyperParameters"] == {"depth": "3"}
    assert channels(train)["train"] == ("text/csv", "FullyReplicated")
    assert "code" in channels(train)
    assert preprocess["AppSpecification"]["ImageUri"] == image_uri("xgboost", "us-east-1")
    assert "--format=csv" in preprocess["AppSpecification"]["ContainerArguments"]


def test_every_metric_that_training_prints_is_read() -> None:
    metrics = requested("Train")["AlgorithmSpecification"]["MetricDefinitions"]
    line = "[7]\ttrain-mlogloss:0.51234\ttrain-merror:1.5e-05\tvalidation-mlogloss:0.6\tvalidation-merror:0.25"

    found = {one["Name"]: match[1] for one in metrics if (match := re.match(one["Regex"], line))}

    assert found == {
        "train:mlogloss": "0.51234",
        "train:merror": "1.5e-05",
        "validation:mlogloss": "0.6",
        "validation:merror": "0.25",
    }
    assert {name for one in metrics for name in [one["Name"].partition(":")[2]]} == {
        "auc", "logloss", "mlogloss", "merror", "rmse", "mae",
    }  # fmt: skip


def test_checkpoints_lie_with_the_run() -> None:
    assert requested("Train")["CheckpointConfig"]["S3Uri"].endswith("/runs/261120202448-3fa2/checkpoints/")


def test_a_key_encrypts_every_volume_and_output() -> None:
    for state in ("Preprocess", "Train", "Tune", "Evaluate"):
        _, request = request_of(state, plan(kms_key_arn=KEY_ARN, **TUNED))
        request = request.get("TrainingJobDefinition", request)
        outputs = request.get("OutputDataConfig") or request["ProcessingOutputConfig"]
        resources = request.get("ResourceConfig") or request["ProcessingResources"]["ClusterConfig"]

        assert outputs["KmsKeyId"] == KEY_ARN
        assert resources["VolumeKmsKeyId"] == KEY_ARN


BRANCHED = ("Train", "Tune")


@pytest.mark.parametrize("state", tasks())
def test_every_task_retries_and_catches(state: str) -> None:
    declared = all_states()[state]

    assert declared["Retry"]
    if state in BRANCHED:
        declared = workflow()["States"]["Learn"]
    if state == "Validate":  # the run has succeeded, whatever becomes of it
        assert declared["Catch"][-1] == {"ErrorEquals": ["States.ALL"], "Next": "FinishRun"}
    elif state != "EndFailedRun":  # its own failure ends the execution; the rule on executions then frees the lease
        assert declared["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
        assert declared["Catch"][-1]["Next"] == "EndFailedRun"


def test_every_function_of_the_workflow_is_substituted_by_the_template() -> None:
    machine = resources_of("AWS::Serverless::StateMachine")["RetrainStateMachine"]
    named = {state["Arguments"]["FunctionName"].strip("${}") for state in tasks("lambda:invoke").values()}

    assert named | {"ValidateStateMachineArn"} == set(machine["Properties"]["DefinitionSubstitutions"])


def test_start_run_gets_the_event_and_the_execution() -> None:
    states = {"input": load_event("object_created"), "context": {"Execution": {"Id": "arn:execution"}}}
    payload = evaluated(workflow()["States"]["StartRun"]["Arguments"]["Payload"], {}, states)

    request = StartRunRequest.model_validate(payload)

    assert request.execution_arn == "arn:execution"
    assert request.event.source == "aws.s3"
