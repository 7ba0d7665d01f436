"""What batch scoring asks AWS for passes AWS's models, and every way through it leads to the clean-up and an end."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import jsonata
import pytest
import yaml
from botocore.validate import ParamValidator

from functions.finish_batch.request import FinishBatchRequest
from functions.start_batch.request import StartBatchRequest
from serving.transform import VARIABLE, declared_columns
from sluice.batch import BatchNames, PreparedFile, plan_batch
from sluice.naming import endpoint_name, shared_endpoint_name
from sluice.plan import Upload
from sluice.rollout import PackageRef
from tests.definitions import definition
from tests.events import load_event
from tests.template import resolved, resources_of

ROOT = Path(__file__).parents[2]
UPLOADED, ENDED = load_event("batch_object_created"), load_event("batch_status_change")
KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/1234"
TOLD = ("UploadQuarantined", "NothingIsLive", "BatchFailed")


@cache
def workflow() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "statemachines" / "batch.asl.yaml").read_text())
    return document


def states() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = workflow()["States"]
    return found


def plan(kms_key_arn: str | None = None, **changes: Any) -> dict[str, Any]:
    request = StartBatchRequest.model_validate(load_event("start_batch"))
    names = BatchNames.of("dev", "churn", request.event.time, request.execution_arn)
    package = PackageRef("arn:aws:sagemaker:us-east-1:000000000000:model-package/sluice-dev-churn/6", 6)
    upload = Upload("sluice-dev-000000000000-us-east-1", "models/churn/batch/in/customers.csv", "v1", "e", 10, "o")
    file = PreparedFile(("id", "age", 'pl"an'), 2, 4)
    role = "arn:aws:iam::000000000000:role/jobs"
    made = plan_batch(names, definition(**changes), package, upload, file, role, kms_key_arn)
    as_the_lambda_returns_it: dict[str, Any] = json.loads(json.dumps(made.to_json()))
    return as_the_lambda_returns_it


def evaluated(value: Any, variables: dict[str, Any], about: dict[str, Any] | None = None) -> Any:
    """With every JSONata expression worked out, as Step Functions does."""
    if isinstance(value, dict):
        return {key: evaluated(entry, variables, about) for key, entry in value.items()}
    if isinstance(value, list):
        return [evaluated(entry, variables, about) for entry in value]
    if not (isinstance(value, str) and value.startswith("{%")):
        return value
    expression = jsonata.Jsonata(value.removeprefix("{%").removesuffix("%}").strip())
    expression.register_lambda("parse", json.loads)
    for name, bound in {**variables, "states": about or {}}.items():
        expression.assign(name, bound)
    found = expression.evaluate({})
    return json.loads(json.dumps(found)) if isinstance(found, dict | list) else found


def chosen(choice: str, state_input: Any) -> tuple[str, dict[str, Any]]:
    """Where a Choice goes, and what it assigns."""
    about = {"input": state_input, "context": {"Execution": {"Id": "arn:execution"}}}
    for rule in states()[choice]["Choices"]:
        if evaluated(rule["Condition"], {}, about):
            return rule["Next"], evaluated(rule.get("Assign", {}), {}, about)
    return states()[choice]["Default"], {}


@pytest.mark.parametrize("state", ["CreateModel", "Transform", "StopJob", "DeleteModel"])
@pytest.mark.parametrize(
    "made", [plan(), plan(KEY_ARN), plan(batch={"instance_count": 3, "max_payload_mb": 20})], ids=["plain", "key", "3"]
)
def test_what_sagemaker_is_asked_for_passes_its_own_model(state: str, made: dict[str, Any]) -> None:
    action = states()[state]["Resource"].rsplit(":", 1)[1].removesuffix(".sync")
    request = evaluated(states()[state]["Arguments"], {"plan": made})
    model = (
        botocore.session.get_session().get_service_model("sagemaker").operation_model(action[0].upper() + action[1:])
    )

    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()
    assert made["name"] in json.dumps(request)


def test_a_job_cuts_at_lines_and_joins_what_it_cut() -> None:
    request = evaluated(states()["Transform"]["Arguments"], {"plan": plan(KEY_ARN)})

    assert (request["BatchStrategy"], request["TransformInput"]["SplitType"]) == ("MultiRecord", "Line")
    assert (request["DataProcessing"], request["TransformOutput"]["AssembleWith"]) == ({"JoinSource": "Input"}, "Line")
    assert request["TransformOutput"]["KmsKeyId"] == request["TransformResources"]["VolumeKmsKeyId"] == KEY_ARN
    assert (request["MaxConcurrentTransforms"], request["MaxPayloadInMB"]) == (2, 6)


def test_the_container_reads_the_columns_that_the_plan_names() -> None:
    request = evaluated(states()["Transform"]["Arguments"], {"plan": plan()})

    assert list(request["Environment"]) == [VARIABLE]
    assert declared_columns(request["Environment"]) == ("id", "age", 'pl"an')


def test_a_jobs_time_is_the_definitions() -> None:
    """CreateTransformJob has no stopping condition; the machine must outlast the longest."""
    made = plan(batch={"max_run_seconds": 432_000})

    assert evaluated(states()["Transform"]["TimeoutSeconds"], {"plan": made}) == 432_000
    assert workflow()["TimeoutSeconds"] > 432_000 + 2 * 6 * 900


def test_a_job_that_takes_too_long_is_stopped_and_told() -> None:
    timeout, other = states()["Transform"]["Catch"]

    assert (timeout["ErrorEquals"], timeout["Next"]) == (["States.Timeout"], "StopJob")
    assert (other["ErrorEquals"], other["Next"]) == (["States.ALL"], "DeleteModel")
    assigned = evaluated(timeout["Assign"], {"plan": plan()})
    told = "the job took longer than the 3600 seconds of batch.max_run_seconds"
    assert assigned["failure"] == {"Error": "TooSlow", "Cause": told}


@pytest.mark.parametrize(
    ("state", "then"),
    [
        ("StartBatch", "FinishBatch"),
        ("CreateModel", "DeleteModel"),
        ("StopJob", "DeleteModel"),
        ("DeleteModel", "FinishBatch"),
    ],
)
def test_whatever_fails_leads_on_to_the_end(state: str, then: str) -> None:
    (catch,) = states()[state]["Catch"]

    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], then)


def test_the_clean_up_ends_in_the_last_step() -> None:
    assert [states()[name]["Next"] for name in ("Transform", "StopJob", "DeleteModel", "FinishBatch")] == [
        "DeleteModel",
        "DeleteModel",
        "FinishBatch",
        "HowDidItEnd",
    ]


@pytest.mark.parametrize("state", [name for name, state in workflow()["States"].items() if state["Type"] == "Task"])
def test_every_task_retries(state: str) -> None:
    assert states()[state]["Retry"]


@pytest.mark.parametrize(("cause", "left"), [('Could not find model "arn:…".', ""), ("denied", "model ")])
def test_what_could_not_be_deleted_is_kept_for_the_end(cause: str, left: str) -> None:
    (catch,) = states()["DeleteModel"]["Catch"]

    assigned = evaluated(catch["Assign"], {"plan": plan()}, {"errorOutput": {"Error": "E", "Cause": cause}})

    assert assigned == {"left_over": left and f"{left}{plan()['name']}"}


def test_a_batch_begins_with_its_upload() -> None:
    next_state, assigned = chosen("WhatIsAsked", UPLOADED)

    assert (next_state, assigned["event"], assigned["batch"]) == ("StartBatch", UPLOADED, "arn:execution")
    assert (assigned["failure"], assigned["left_over"]) == (None, "")


def test_a_stopped_batch_is_ended_under_its_own_name() -> None:
    next_state, assigned = chosen("WhatIsAsked", ENDED)

    assert (next_state, assigned["event"]) == ("StartBatch", UPLOADED)
    assert assigned["batch"] == ENDED["detail"]["executionArn"]
    assert assigned["failure"] == {
        "Error": "BatchStopped",
        "Cause": "its execution ended as ABORTED (stopped by hand)",
    }
    assert chosen("IsThereABatch", {"outcome": "clean-up"})[0] == "StopJob"


@pytest.mark.parametrize("error", TOLD)
def test_a_failure_that_was_told_is_not_told_again(error: str) -> None:
    event = {**ENDED, "detail": {**ENDED["detail"], "status": "FAILED", "error": error}}

    assert chosen("WhatIsAsked", event)[0] == "NothingToScore"


@pytest.mark.parametrize("text", [json.dumps(ENDED), "{}", None])
def test_a_stopped_clean_up_is_not_cleaned_up_again(text: str | None) -> None:
    event = {**ENDED, "detail": {**ENDED["detail"], "input": text}}

    assert chosen("WhatIsAsked", event)[0] == "NothingToScore"


@pytest.mark.parametrize(("error", "cause"), [(None, None), ("States.Timeout", None), ("TypeError", "x" * 9000)])
def test_whatever_else_ended_it_is_cleaned_up(error: str | None, cause: str | None) -> None:
    event = {**ENDED, "detail": {**ENDED["detail"], "status": "FAILED", "error": error, "cause": cause}}

    next_state, assigned = chosen("WhatIsAsked", event)

    assert next_state == "StartBatch"
    assert len(assigned["failure"]["Cause"]) < 1100


@pytest.mark.parametrize(
    ("outcome", "then"),
    [
        ("batch", "CreateModel"),
        ("quarantined", "UploadQuarantined"),
        ("not-live", "NothingIsLive"),
        ("duplicate", "NothingToScore"),
        ("nothing", "NothingToScore"),
    ],
)
def test_where_an_upload_goes(outcome: str, then: str) -> None:
    assert chosen("IsThereABatch", {"outcome": outcome})[0] == then


def test_red_are_the_executions_that_a_person_should_look_at() -> None:
    assert {name for name, state in states().items() if state["Type"] == "Fail"} == set(TOLD)
    for name in TOLD:
        assert states()[name]["Error"] == name
        assert evaluated(states()[name]["Cause"], {}, {"input": {"reason": "why"}}) == "why"


def test_the_functions_understand_what_they_are_sent() -> None:
    variables = {
        "event": UPLOADED,
        "batch": load_event("start_batch")["execution_arn"],
        "failure": None,
        "left_over": "",
    }

    sent = evaluated(states()["StartBatch"]["Arguments"]["Payload"], variables, {"input": UPLOADED})
    ended = evaluated(states()["FinishBatch"]["Arguments"]["Payload"], variables)

    assert StartBatchRequest.model_validate(sent) == StartBatchRequest.model_validate(load_event("start_batch"))
    assert FinishBatchRequest.model_validate(ended) == FinishBatchRequest.model_validate(load_event("finish_batch"))


def test_every_function_of_the_workflow_is_substituted_by_the_template() -> None:
    machine = resources_of("AWS::Serverless::StateMachine")["BatchStateMachine"]
    named = {
        state["Arguments"]["FunctionName"].strip("${}")
        for state in states().values()
        if "lambda:invoke" in state.get("Resource", "")
    }

    assert named == set(machine["Properties"]["DefinitionSubstitutions"])


def test_only_batches_may_be_made_and_removed() -> None:
    """No endpoint, no config, and so no model of a deployment, is named as a batch is."""
    machine = resolved(resources_of("AWS::Serverless::StateMachine")["BatchStateMachine"]["Properties"])
    statements = {one.get("Sid"): one for one in machine["Policies"][0]["Statement"]}

    assert statements["MakeAndRemoveTheModel"]["Resource"].endswith(":model/sluice-dev--batch-*")
    assert statements["RunTheJob"]["Resource"].endswith(":transform-job/sluice-dev--batch-*")
    assert plan()["name"].startswith("sluice-dev--batch-")
    for others in (
        endpoint_name("dev", "batch"),
        endpoint_name("dev", "m", "real-time"),
        shared_endpoint_name("dev", "b"),
    ):
        assert not others.startswith("sluice-dev--batch-")


def test_the_jobs_role_may_write_where_the_job_does() -> None:
    role = resolved(resources_of("AWS::IAM::Role")["SageMakerRole"]["Properties"])
    (written,) = [
        one for one in role["Policies"][0]["PolicyDocument"]["Statement"] if one["Sid"] == "WriteAnswersOfBatches"
    ]
    bucket, key = plan()["output_uri"].removeprefix("s3://").split("/", 1)

    assert written["Resource"] == f"arn:aws:s3:::{bucket}/models/*/batch/jobs/*/out/*"
    assert key.startswith("models/churn/batch/jobs/")
    assert key.endswith("/out/")
