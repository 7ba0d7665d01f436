"""RegisterModel against moto's S3, table and topic, and a registry that remembers what it was asked for."""

import copy
import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator

from functions.register_model.register_model import RegisterModel, Surroundings
from functions.register_model.request import RegisterRequest
from sluice.aws.registry import Registry
from sluice.errors import DefectError
from tests.definitions import definition
from tests.evaluations import document
from tests.events import load_event
from tests.unit.functions.conftest import BUCKET, StageUnderTest

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sluice-dev-churn"
PAGE = 'café<script type="application/json" id="run">null</script><script>draw()</script>'
COMMIT = "b94ce12b94ce12b94ce12b94ce12b94ce12b94ce"


@dataclass
class FakeSageMaker:
    """Versions by ClientToken, as SageMaker keeps them; each request must pass botocore's own model."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def create_model_package_group(self, **request: str) -> None:
        _valid("CreateModelPackageGroup", request)

    def create_model_package(self, **request: Any) -> dict[str, str]:
        _valid("CreateModelPackage", request)
        self.made.setdefault(request["ClientToken"], request)
        return {"ModelPackageArn": f"{GROUP}/{list(self.made).index(request['ClientToken']) + 1}"}

    def put_model_package_group_policy(self, **request: Any) -> None:
        _valid("PutModelPackageGroupPolicy", request)
        self.calls.append(("share", request))

    def update_model_package(self, **request: Any) -> None:
        _valid("UpdateModelPackage", request)
        self.calls.append(("decide", request))
        self.updates.append(request)

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:
        version = int(ModelPackageName.rpartition("/")[2])
        made = list(self.made.values())[version - 1]
        decided = {key: value for update in self.updates for key, value in update.items()}
        return {**made, **decided, "ModelPackageArn": ModelPackageName, "ModelPackageVersion": version}


@cache
def _service() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


def _valid(operation: str, request: dict[str, Any]) -> None:
    report = ParamValidator().validate(request, _service().operation_model(operation).input_shape)
    assert not report.has_errors(), report.generate_report()


@dataclass
class Registration:
    stage: StageUnderTest
    sagemaker: FakeSageMaker = field(default_factory=FakeSageMaker)
    event: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(load_event("register_model")))
    commit_id: str | None = COMMIT
    consumers: tuple[str, ...] = ()

    @property
    def run(self) -> str:
        return f"models/churn/runs/{self.event['plan']['run_id']}"

    def left_by_the_run(self, page: str | None = PAGE, **changes: Any) -> None:
        """What the steps before leave in the bucket."""
        text = json.dumps(self.event).replace("sluice-dev-000000000000-us-east-1", BUCKET)
        self.event = json.loads(text)
        self.stage.put(f"{self.run}/definition/definition.json", definition(**changes).model_dump_json())
        self.stage.put(f"{self.run}/evaluation/evaluation.json", json.dumps(document() | {"threshold": 0.42}))
        if page is not None:
            self.stage.put(f"{self.run}/report/report.html", page)

    def decided(self, verdict: str, summary: str = "It was measured.") -> None:
        check = {
            "name": "a",
            "outcome": "pass",
            "value": 1,
            "bound": None,
            "reason": "</script>é",
            "on_failure": "fail",
        }
        self.event["decision"] = {"verdict": verdict, "summary": summary, "checks": [check]}

    def register(self) -> dict[str, Any]:
        register = RegisterModel(
            self.stage.objects,
            Registry(self.sagemaker),  # type: ignore[arg-type]
            self.stage.journal,
            Surroundings("dev", "us-east-1", self.commit_id, self.consumers),
            self.stage.clock,
        )
        return register.handle(RegisterRequest.model_validate(self.event))

    @property
    def request(self) -> dict[str, Any]:
        (made,) = self.sagemaker.made.values()
        return made

    def facts(self) -> dict[str, Any]:
        """What the page's script reads."""
        html = self.stage.objects.read(f"{self.run}/report/report.html").decode()
        (found,) = re.findall(r'<script type="application/json" id="run">(.*?)</script>', html)
        facts: dict[str, Any] = json.loads(found)
        return facts

    def told(self) -> str:
        (message,) = self.stage.sqs.receive_message(QueueUrl=self.stage.queue_url)["Messages"]
        return str(json.loads(message["Body"])["Message"])


@pytest.fixture
def run(stage: StageUnderTest) -> Registration:
    return Registration(stage)


@pytest.mark.parametrize(
    ("verdict", "approval", "validated", "status"),
    [
        ("fail", "manual", False, "Rejected"),
        ("fail", "automatic", False, "Rejected"),
        ("fail", "automatic", True, "Rejected"),
        ("needs-human", "manual", False, "PendingManualApproval"),
        ("needs-human", "automatic", False, "PendingManualApproval"),
        ("needs-human", "automatic", True, "PendingManualApproval"),
        ("pass", "manual", False, "PendingManualApproval"),
        ("pass", "automatic", False, "Approved"),
        ("pass", "automatic", True, "PendingManualApproval"),
    ],
)
def test_the_status_follows_from_the_verdict_and_the_policy(
    run: Registration, verdict: str, approval: str, validated: bool, status: str
) -> None:
    run.left_by_the_run(approval=approval, validation={"enabled": validated})
    run.decided(verdict)

    answer = run.register()

    assert answer == {"package_arn": f"{GROUP}/1", "version": 1, "status": status}
    assert run.sagemaker.updates[-1]["ModelApprovalStatus"] == status
    assert run.request["CustomerMetadataProperties"]["verdict"] == verdict
    assert run.facts()["status"] == status


def test_the_reasons_stand_beside_the_status_as_far_as_they_fit(run: Registration) -> None:
    run.left_by_the_run()
    run.decided("needs-human", "Does a column hold what is to be predicted? " + "And so on. " * 200)

    run.register()

    description = run.sagemaker.updates[-1]["ApprovalDescription"]
    assert description.startswith("Does a column hold what is to be predicted?")
    assert len(description) == 1024


def test_the_lineage_is_in_the_registry(run: Registration) -> None:
    run.left_by_the_run()
    run.event["tuning"] = {"uri": f"s3://{BUCKET}/{run.run}/tuning/tuning.json"}
    run.stage.put(f"{run.run}/tuning/tuning.json", '{"trials": []}')

    run.register()

    metadata = run.request["CustomerMetadataProperties"]
    assert run.request["MetadataProperties"] == {"GeneratedBy": run.event["training"]["job_arn"], "CommitId": COMMIT}
    assert metadata["tuning"].endswith("/tuning/tuning.json")
    assert metadata["report"].endswith("/report/report.html")
    assert metadata["auc"] == "0.840000"
    assert float(metadata["threshold"]) == 0.42
    assert len(metadata) <= 50


def test_what_production_is_compared_with_is_found_by_the_version(run: Registration) -> None:
    run.left_by_the_run()

    arn = run.register()["package_arn"]

    package, where = Registry(run.sagemaker).package(arn), f"s3://{BUCKET}/{run.run}"  # type: ignore[arg-type]
    assert package.baseline_uri == f"{where}/baseline/statistics.json"
    assert package.evaluation_uri == f"{where}/evaluation/evaluation.json"
    assert package.quality_constraints_uri == f"{where}/evaluation/quality_constraints.json"

    # As versions were registered before production was monitored.
    del run.request["ModelMetrics"]["ModelQuality"]["Constraints"]
    assert Registry(run.sagemaker).package(arn).quality_constraints_uri is None  # type: ignore[arg-type]


def test_a_deployment_that_knows_no_commit_names_none(run: Registration) -> None:
    run.left_by_the_run()
    run.commit_id = None

    run.register()

    assert "CommitId" not in run.request["MetadataProperties"]
    assert run.facts()["lineage"]["commit_id"] is None


def test_the_report_is_completed_with_what_only_registering_knows(run: Registration) -> None:
    run.left_by_the_run()
    run.event["tuning"] = {"uri": f"s3://{BUCKET}/{run.run}/tuning/tuning.json"}
    run.stage.put(f"{run.run}/tuning/tuning.json", '{"job": "search", "trials": [{"number": 1}]}')
    run.decided("pass")

    run.register()

    facts = run.facts()
    assert (facts["model"], facts["version"], facts["stage"], facts["verdict"]) == ("churn", 1, "dev", "pass")
    assert facts["checks"][0]["reason"] == "</script>é"
    assert facts["tuning"] == {"job": "search", "trials": [{"number": 1}]}
    assert facts["registered_at"].startswith("2026-11-20T20:00:00")
    assert facts["lineage"]["hyperparameters"] == {"max_depth": "5"}
    assert facts["lineage"]["data_version"] == run.event["plan"]["data_version"]
    assert facts["cost"]["total_usd"] == pytest.approx((42 + 65 + 38) * 0.115 / 3600, abs=1e-6)
    assert [job["step"] for job in facts["jobs"]] == ["preprocess", "train", "evaluate"]
    stored = run.stage.s3.get_object(Bucket=BUCKET, Key=f"{run.run}/report/report.html")
    assert stored["ContentType"] == "text/html; charset=utf-8"
    assert stored["Body"].read().decode().startswith("café<script")


def test_a_repeated_call_makes_no_second_version_and_fills_the_same_page_again(run: Registration) -> None:
    run.left_by_the_run()

    first, facts = run.register(), run.facts()
    again = run.register()

    assert again == first
    assert {**run.facts(), "registered_at": None} == {**facts, "registered_at": None}
    assert run.stage.actions() == ["MODEL_REGISTERED"]
    assert len(run.stage.notices()) == 1


def test_a_repeated_call_leaves_what_a_person_decided_meanwhile(run: Registration) -> None:
    run.left_by_the_run(approval="automatic")
    run.decided("pass")
    arn = run.register()["package_arn"]
    run.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected", ApprovalDescription="no")

    run.register()

    assert run.sagemaker.describe_model_package(arn)["ModelApprovalStatus"] == "Rejected"


def test_a_version_whose_report_cannot_be_written_is_not_approved(
    run: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An approval deploys: it must be the last thing that can go wrong."""
    run.left_by_the_run(approval="automatic")
    run.decided("pass")

    def refuse(*arguments: Any) -> None:
        raise OSError("the bucket is gone")

    monkeypatch.setattr(type(run.stage.objects), "write", refuse)
    with pytest.raises(OSError, match="gone"):
        run.register()

    assert run.sagemaker.updates == []


@pytest.mark.parametrize(
    "page",
    [None, "<html></html>", PAGE + PAGE, '<script type="application/json" id="run">null'],
    ids=["no page", "no place", "two places", "no end"],
)
def test_a_report_without_a_place_for_the_facts_stops_before_anything_is_registered(
    run: Registration, page: str | None
) -> None:
    run.left_by_the_run(page=page)

    with pytest.raises(DefectError, match=r"report"):
        run.register()

    assert not run.sagemaker.made


def test_a_search_that_left_no_trials_stops_before_anything_is_registered(run: Registration) -> None:
    run.left_by_the_run()
    run.event["tuning"] = {"uri": f"s3://{BUCKET}/{run.run}/tuning/tuning.json"}

    with pytest.raises(DefectError, match=r"tuning\.json does not exist"):
        run.register()

    assert not run.sagemaker.made


def test_an_execution_that_began_before_a_deployment_sends_less_and_ends_all_the_same(run: Registration) -> None:
    run.left_by_the_run()
    for late in ("jobs", "tuning"):
        del run.event[late]
    del run.event["training"]["hyperparameters"]
    del run.event["decision"]["checks"]

    assert run.register()["version"] == 1
    assert run.facts()["cost"]["total_usd"] is None


def test_people_get_a_link_and_the_commands_and_nobody_else_gets_the_link(run: Registration) -> None:
    """The link opens the report for whoever has it; the answer is logged, the table is read by many."""
    run.left_by_the_run()
    run.decided("needs-human", "A person must look.")

    answer = run.register()

    told = run.told()
    assert told.startswith("version 1 is PendingManualApproval: the gate leaves it to you. A person must look.")
    assert "Signature=" in told
    assert "report/report.html" in told
    assert "12 hours at most" in told
    assert "sluice report churn v1 --stage dev" in told
    assert 'sluice approve churn v1 --stage dev --reason "WHY"' in told
    assert f'--model-package-arn {GROUP}/1 --model-approval-status Rejected --approval-description "WHY"' in told
    kept = boto3.resource("dynamodb").Table("sluice-dev-state").scan()["Items"]
    assert any("A person must look." in str(item) for item in kept)
    assert "Signature" not in str(kept) + str(answer)


def test_a_version_that_is_validated_first_says_so(run: Registration) -> None:
    run.left_by_the_run(approval="automatic", validation={"enabled": True})

    run.register()

    assert "PendingManualApproval, after its validation on an endpoint of its own." in run.told()


def test_the_accounts_that_deploy_can_read_the_version_before_it_is_approved(stage: StageUnderTest) -> None:
    registration = Registration(stage, consumers=("111111111111", "222222222222"))
    registration.left_by_the_run(approval="automatic")
    registration.decided("pass")
    registration.register()

    (first, shared), (second, decided) = registration.sagemaker.calls
    assert (first, second, decided["ModelApprovalStatus"]) == ("share", "decide", "Approved")
    assert shared["ModelPackageGroupName"] == "sluice-dev-churn"
    (group, versions) = json.loads(shared["ResourcePolicy"])["Statement"]
    assert group["Principal"] == {"AWS": [f"arn:aws:iam::{n * 12}:root" for n in "12"]}
    assert group["Resource"] == GROUP.replace(":model-package/", ":model-package-group/")
    assert versions["Resource"] == f"{GROUP}/*"


def test_without_consumers_nothing_is_shared(stage: StageUnderTest) -> None:
    registration = Registration(stage)
    registration.left_by_the_run()
    registration.decided("pass")
    registration.register()

    assert [call for call, _ in registration.sagemaker.calls] == ["decide"]


DRIFT = {
    "check_id": "261120210000-3f2a",
    "reason": "drift in age",
    "labelled_key": "models/l.csv",
    "labelled_rows": 640,
}


def test_a_version_says_what_drift_it_was_trained_for(run: Registration) -> None:
    run.event["plan"]["drift"] = DRIFT
    run.left_by_the_run()
    run.register()

    metadata = run.request["CustomerMetadataProperties"]
    assert (metadata["retrained_for"], metadata["check_id"], metadata["labelled_rows"]) == (
        "drift",
        DRIFT["check_id"],
        "640",
    )
    lineage = run.facts()["lineage"]
    assert lineage["retrained_for"] == "drift, found by check 261120210000-3f2a: drift in age"
    assert lineage["data_version"].endswith(" + 640 labelled rows of check 261120210000-3f2a")
    assert run.stage.actions() == ["MODEL_REGISTERED"]


def test_a_version_that_was_to_end_drift_and_is_refused_is_one_call_for_help(run: Registration) -> None:
    run.event["plan"]["drift"] = DRIFT
    run.decided("fail", "auc is 0.7, below 0.8.")
    run.left_by_the_run()

    for _ in range(2):
        run.register()

    assert run.stage.actions() == ["MODEL_REGISTERED", "HELP_NEEDED"]
    told = run.told()
    assert told.startswith("drift goes on, and version 1, which was trained for it, was refused: auc is 0.7, below 0.8")
    assert "sluice report churn v1" in told
