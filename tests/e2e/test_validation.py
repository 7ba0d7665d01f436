"""A version is tried on an endpoint of its own before anybody approves it, and nothing of that endpoint stays."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.local_stage import LocalStage
from tests.e2e.permissions import role_of, without
from tests.e2e.trained_model import Inbox, TrainedModel
from tests.waiting import eventually

VALIDATED = {"validation": {"enabled": True, "memory_mb": 1024, "max_rows": 100}}


def remains(model: TrainedModel, name: str) -> list[str]:
    """What there is of the temporary endpoint, its config and its model."""
    sagemaker = model.client("sagemaker")
    found = [one["EndpointName"] for one in sagemaker.list_endpoints(NameContains=name)["Endpoints"]]
    configs = sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"]
    models = sagemaker.list_models(NameContains=name)["Models"]
    return found + [one["EndpointConfigName"] for one in configs] + [one["ModelName"] for one in models]


def package_of(model: TrainedModel, arn: str) -> dict[str, Any]:
    described: dict[str, Any] = model.client("sagemaker").describe_model_package(ModelPackageName=arn)
    return described


def test_a_version_is_validated_before_it_waits_for_its_approval(model: TrainedModel, inbox: Inbox) -> None:
    run = model.train(**VALIDATED)

    package = package_of(model, run["package_arn"])
    assert run["status"] == package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["ApprovalDescription"].startswith("The temporary endpoint scored 100 test rows as the evaluate step")
    assert "auc is" in package["ApprovalDescription"], "what the gate found stands behind it"
    assert "MODEL_VALIDATED" in model.actions()
    assert any("model validated" in notice["Subject"] for notice in inbox.about(model.name))
    assert remains(model, f"sluice-validate-dev-{run['run_id']}") == []


def test_what_passes_gate_and_validation_is_approved_by_policy_and_goes_live(model: TrainedModel) -> None:
    run = model.train(approval="automatic", **VALIDATED)

    assert run["status"] == "Approved"
    eventually(lambda: "DEPLOYED" in model.actions(), "deployed without a person")
    actions = model.actions()
    assert actions.index("MODEL_VALIDATED") < actions.index("DEPLOYMENT_STARTED")
    decided = [entry["who"] for entry in model.audit() if entry["action"] == "MODEL_APPROVED"]
    assert decided == ["sluice"]


@dataclass
class Validations:
    """Validations of one trained version, each begun as RetrainStateMachine begins one."""

    model: TrainedModel
    run: dict[str, Any]
    kept: dict[str, bytes] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return f"models/{self.model.name}/runs/{self.run['run_id']}/"

    def replace(self, key: str, body: bytes) -> None:
        """Put other bytes there until the test ends."""
        uri = f"s3://{self.model.stage.bucket}/{key}"
        self.kept.setdefault(key, self.model.read(uri))
        self.model.client("s3").put_object(Bucket=self.model.stage.bucket, Key=key, Body=body)

    def restore(self) -> None:
        for key, body in self.kept.items():
            self.model.client("s3").put_object(Bucket=self.model.stage.bucket, Key=key, Body=body)
        self.kept.clear()
        self.model.decide(self.run["package_arn"], "PendingManualApproval", "as the gate found")

    def start(self) -> "Validation":
        name = f"sluice-validate-dev-{uuid.uuid4().hex[:12]}"
        run = f"s3://{self.model.stage.bucket}/{self.prefix}"
        started = self.model.client("stepfunctions").start_execution(
            stateMachineArn=self.model.stage.outputs["ValidateStateMachineArn"],
            input=json.dumps(
                {
                    "model": self.model.name,
                    "version": self.run["version"],
                    "package_arn": self.run["package_arn"],
                    "role_arn": self.model.stage.outputs["SageMakerRoleArn"],
                    "run_id": self.run["run_id"],
                    "name": name,
                    "definition_uri": f"{run}definition/",
                    "holdout_uri": f"{run}holdout/",
                    "evaluation_uri": f"{run}evaluation/",
                    "memory_mb": 1024,
                    "tolerance": 1e-5,
                    "max_rows": 5000,
                }
            ),
        )
        return Validation(self.model, name, str(started["executionArn"]))


@dataclass
class Validation:
    model: TrainedModel
    name: str
    execution_arn: str

    def ended(self) -> dict[str, Any]:
        states = self.model.client("stepfunctions")

        def look() -> dict[str, Any] | None:
            described: dict[str, Any] = states.describe_execution(executionArn=self.execution_arn)
            return described if described["status"] != "RUNNING" else None

        return eventually(look, "the validation ends")

    def result(self) -> dict[str, Any]:
        execution = self.ended()
        assert execution["status"] == "SUCCEEDED", execution
        output: dict[str, Any] = json.loads(execution["output"])
        return output


@pytest.fixture(scope="module")
def trained(stack: LocalStage, tmp_path_factory: pytest.TempPathFactory) -> Validations:
    model = TrainedModel(stack, "m-validated", tmp_path_factory.mktemp("validated"))
    return Validations(model, model.train())


@pytest.fixture
def validations(trained: Validations) -> Iterator[Validations]:
    trained.restore()
    yield trained
    trained.restore()


def test_an_endpoint_that_scores_otherwise_is_rejected_with_the_first_row(
    validations: Validations, inbox: Inbox
) -> None:
    key = f"{validations.prefix}evaluation/predictions.csv"
    lines = validations.model.read(f"s3://{validations.model.stage.bucket}/{key}").decode().splitlines()
    label, _, *rest = lines[3].split(",")
    lines[3] = ",".join([label, "0.123456789", *rest])
    validations.replace(key, "\n".join(lines).encode())

    validation = validations.start()
    result = validation.result()

    assert (result["verdict"], result["status"]) == ("fail", "Rejected")
    assert "scored 1 of" in result["reason"]
    assert "row 3 got" in result["reason"]
    assert "instead of 0.123456789" in result["reason"]
    package = package_of(validations.model, validations.run["package_arn"])
    assert package["ApprovalDescription"] == f"{result['reason']} as the gate found"
    assert remains(validations.model, validation.name) == []
    assert any("validation failed" in notice["Subject"] for notice in inbox.about(validations.model.name))


def test_an_endpoint_that_answers_an_error_is_rejected_with_its_words(validations: Validations) -> None:
    (key,) = validations.model.keys(f"runs/{validations.run['run_id']}/holdout/")
    text = validations.model.read(f"s3://{validations.model.stage.bucket}/{key}").decode()
    header, first, *rest = text.splitlines()
    cells = first.split(",")
    cells[header.replace('"', "").split(",").index("tenure")] = "long"
    validations.replace(key, "\n".join([header, ",".join(cells), *rest, ""]).encode())

    result = validations.start().result()

    assert (result["verdict"], result["status"]) == ("fail", "Rejected")
    assert "did not score the test rows 1 to" in result["reason"]
    assert "it answered 400: row 1, column 'tenure'" in result["reason"]


def test_an_endpoint_that_does_not_come_up_leaves_the_version_to_a_person(
    validations: Validations, inbox: Inbox
) -> None:
    uri = package_of(validations.model, validations.run["package_arn"])["InferenceSpecification"]["Containers"][0]
    validations.replace(uri["ModelDataUrl"].split("/", 3)[3], b"this is no archive")

    validation = validations.start()
    result = validation.result()

    assert (result["verdict"], result["status"]) == ("undecided", "PendingManualApproval")
    assert "the temporary endpoint is Failed" in result["reason"]
    package = package_of(validations.model, validations.run["package_arn"])
    assert package["ApprovalDescription"] == f"{result['reason']} as the gate found"
    assert remains(validations.model, validation.name) == []
    assert any("validation undecided" in notice["Subject"] for notice in inbox.about(validations.model.name))


def test_a_function_that_fails_still_leaves_nothing_behind(validations: Validations) -> None:
    validations.replace(f"{validations.prefix}evaluation/predictions.csv", b"label,score\n1,0.5\n")

    validation = validations.start()
    result = validation.result()

    assert result["verdict"] == "undecided"
    assert "have other numbers of rows" in result["reason"]
    assert remains(validations.model, validation.name) == []


def test_a_validation_that_is_stopped_is_cleaned_up_and_told(validations: Validations, inbox: Inbox) -> None:
    model = validations.model
    before = model.actions().count("VALIDATION_UNDECIDED")
    validation = validations.start()
    eventually(lambda: remains(model, validation.name), "the endpoint is being made")

    model.client("stepfunctions").stop_execution(executionArn=validation.execution_arn, error="Test", cause="enough")

    assert validation.ended()["status"] == "ABORTED"
    eventually(lambda: model.actions().count("VALIDATION_UNDECIDED") > before, "the conclusion")
    assert remains(model, validation.name) == []
    description = package_of(model, validations.run["package_arn"])["ApprovalDescription"]
    assert description.startswith("Not validated: ValidationStopped: its execution ended as ABORTED")


def test_what_could_not_be_concluded_reaches_the_next_execution(validations: Validations) -> None:
    """The gate's verdict cannot be read, by the first execution and by the one that begins after it."""
    states = validations.model.client("stepfunctions")
    validations.replace(f"{validations.prefix}evaluation/gate.json", b"this is no JSON")
    validation = validations.start()

    first = validation.ended()
    assert (first["status"], first["error"]) == ("FAILED", "NotConcluded")
    found = json.loads(first["cause"])["score"]
    assert found["verdict"] == "pass"

    def after_it() -> dict[str, Any] | None:
        machine = validations.model.stage.outputs["ValidateStateMachineArn"]
        for one in states.list_executions(stateMachineArn=machine, statusFilter="FAILED")["executions"]:
            described: dict[str, Any] = states.describe_execution(executionArn=one["executionArn"])
            if json.loads(described["input"]).get("detail", {}).get("executionArn") == validation.execution_arn:
                return described
        return None

    second = eventually(after_it, "the second execution ends")
    assert json.loads(second["cause"])["score"] == found
    assert remains(validations.model, validation.name) == []


@pytest.mark.parametrize("action", ["sagemaker:CreateModel", "sagemaker:CreateEndpoint", "iam:PassRole"])
def test_a_missing_permission_is_told_and_leaves_nothing_behind(validations: Validations, action: str) -> None:
    with without(validations.model, role_of(validations.model, "ValidateStateMachineRole"), action):
        validation = validations.start()
        result = validation.result()

    assert result["verdict"] == "undecided"
    assert f"not authorized to perform: {action}" in result["reason"]
    assert remains(validations.model, validation.name) == []


def test_what_cannot_be_deleted_is_named(validations: Validations) -> None:
    model = validations.model
    role = role_of(model, "ValidateStateMachineRole")
    with without(model, role, "sagemaker:DeleteEndpointConfig"):
        validation = validations.start()
        assert validation.result()["verdict"] == "pass", "what could not be deleted does not hide the verdict"

    assert remains(model, validation.name) == [validation.name]
    (told,) = [entry["why"] for entry in model.audit() if validation.name in entry["why"]]
    assert told.endswith(f"delete it by hand: endpoint config {validation.name}.")
    model.client("sagemaker").delete_endpoint_config(EndpointConfigName=validation.name)
