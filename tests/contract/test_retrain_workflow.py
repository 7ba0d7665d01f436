"""What the state machine asks AWS for passes AWS's own models, and it says so when the plan lacks something."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import jsonata
import pytest
import yaml
from botocore.validate import ParamValidator

from functions.start_run.request import StartRunRequest
from sluice.images import image_uri
from sluice.plan import Champion, CodeVersion, Surroundings, Upload, plan_run
from tests.definitions import definition
from tests.events import load_event
from tests.template import resources_of

ROOT = Path(__file__).parents[2]
KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/1234"
CHAMPION = Champion("arn:aws:sagemaker:us-east-1:000000000000:model-package/g/1", "s3://b/champion/model.tar.gz")


@cache
def workflow() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "statemachines" / "retrain.asl.yaml").read_text())
    return document


def tasks(resource: str = "") -> dict[str, dict[str, Any]]:
    states = workflow()["States"].items()
    return {name: state for name, state in states if state["Type"] == "Task" and resource in state["Resource"]}


def plan(champion: Champion | None = None, kms_key_arn: str | None = None, **changes: Any) -> dict[str, Any]:
    surroundings = Surroundings(
        stage="dev",
        bucket="sluice-dev-000000000000-us-east-1",
        role_arn="arn:aws:iam::000000000000:role/jobs",
        image_uri=image_uri("xgboost", "us-east-1"),
        code=CodeVersion("ab12", "s3://b/code/ab12/processing/", "s3://b/code/ab12/sourcedir.tar.gz"),
        kms_key_arn=kms_key_arn,
    )
    upload = Upload("sluice-dev-000000000000-us-east-1", "models/churn/raw/churn.csv", "v1", "e", 10, "o")
    planned = plan_run("261120202448-3fa2", definition(**changes), upload, surroundings, champion)
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


def request_of(state: str, variables: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    resource = workflow()["States"][state]["Resource"]
    operation = resource.rsplit(":", 1)[1].removesuffix(".sync")
    return operation[0].upper() + operation[1:], evaluated(workflow()["States"][state]["Arguments"], variables)


TRAINING = {"job_name": "j", "job_arn": "arn:aws:sagemaker:us-east-1:0:training-job/j", "model_uri": "s3://b/m.tar.gz"}


@pytest.mark.parametrize("state", ["Preprocess", "Train", "Evaluate"])
@pytest.mark.parametrize(
    "run_plan",
    [
        plan(),
        plan(champion=CHAMPION, kms_key_arn=KEY_ARN),
        plan(training={"spot": True, "max_wait_seconds": 7200}),
        plan(data__mode="append"),
    ],
    ids=["plain", "champion and key", "spot", "append"],
)
def test_what_sagemaker_is_asked_for_passes_its_own_model(state: str, run_plan: dict[str, Any]) -> None:
    operation, request = request_of(state, {"plan": run_plan, "training": TRAINING})
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation)

    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()


def test_the_champion_is_an_input_of_evaluate_only_where_there_is_one() -> None:
    def inputs(run_plan: dict[str, Any]) -> list[str]:
        _, request = request_of("Evaluate", {"plan": run_plan, "training": TRAINING})
        return [entry["InputName"] for entry in request["ProcessingInputs"]]

    assert inputs(plan()) == ["code", "definition", "holdout", "model"]
    assert inputs(plan(champion=CHAMPION)) == ["code", "definition", "holdout", "model", "champion"]


def test_a_key_encrypts_every_volume_and_output() -> None:
    for state in ("Preprocess", "Train", "Evaluate"):
        _, request = request_of(state, {"plan": plan(kms_key_arn=KEY_ARN), "training": TRAINING})
        outputs = request.get("OutputDataConfig") or request["ProcessingOutputConfig"]
        resources = request.get("ResourceConfig") or request["ProcessingResources"]["ClusterConfig"]

        assert outputs["KmsKeyId"] == KEY_ARN
        assert resources["VolumeKmsKeyId"] == KEY_ARN


@pytest.mark.parametrize("state", tasks())
def test_every_task_retries_and_catches(state: str) -> None:
    declared = workflow()["States"][state]

    assert declared["Retry"]
    if state != "EndFailedRun":  # its own failure ends the execution; the rule on executions then frees the lease
        assert declared["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
        assert declared["Catch"][-1]["Next"] == "EndFailedRun"


def test_every_function_of_the_workflow_is_substituted_by_the_template() -> None:
    (machine,) = resources_of("AWS::Serverless::StateMachine").values()
    named = {state["Arguments"]["FunctionName"].strip("${}") for state in tasks("lambda:invoke").values()}

    assert named == set(machine["Properties"]["DefinitionSubstitutions"])


def test_start_run_gets_the_event_and_the_execution() -> None:
    states = {"input": load_event("object_created"), "context": {"Execution": {"Id": "arn:execution"}}}
    payload = evaluated(workflow()["States"]["StartRun"]["Arguments"]["Payload"], {}, states)

    request = StartRunRequest.model_validate(payload)

    assert request.execution_arn == "arn:execution"
    assert request.event.source == "aws.s3"
