"""WriteModelCard on moto's S3, with cards kept by the local SageMaker's own model cards."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from functions.write_model_card.write_model_card import WriteModelCard
from localcloud.api import ApiError, JsonService
from localcloud.sagemaker.model_cards import ModelCards as LocalModelCards
from localcloud.sagemaker.tags import TagStore
from sluice.aws.model_cards import ModelCards
from sluice.aws.registry import Package
from sluice.events import ModelPackageStateChange
from sluice.events.model_package import ApprovalStatus
from sluice.plan import definition_document
from sluice.rollout import PackageRef
from tests.cards import GATE, REPORT, evaluation
from tests.definitions import definition
from tests.events import load_event
from tests.fakes.cloud import FakeCloud
from tests.unit.functions.conftest import BUCKET, StageUnderTest

RUN = "models/churn/runs/1"
NAME = "sluice-dev-churn-v1"
URIS = {
    name: f"s3://{BUCKET}/{RUN}/{place}"
    for name, place in {
        "definition": "definition/definition.json",
        "evaluation": "evaluation/evaluation.json",
        "gate": "evaluation/gate.json",
        "report": "report/report.html",
    }.items()
}


class CardsClient:
    """boto3's face of the local SageMaker's model cards. `calls` counts what changed something."""

    def __init__(self, folder: Path) -> None:
        cloud = FakeCloud(folder)
        self._caller = cloud.caller
        self._service = JsonService(
            "sagemaker", LocalModelCards(cloud, TagStore(cloud)).operations(), lambda _: cloud.caller
        )
        self.calls: list[str] = []

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        names = ("CreateModelCard", "DescribeModelCard", "UpdateModelCard", "ListModelCardVersions")
        operation = next(name for name in names if xform_name(name) == method)

        def call(**request: Any) -> dict[str, Any]:
            try:
                answer = self._service.call(operation, request, self._caller)
            except ApiError as error:
                raise ClientError({"Error": {"Code": error.code, "Message": error.message}}, operation) from error
            if not operation.startswith(("Describe", "List")):
                self.calls.append(operation)
            return answer

        return call


@dataclass
class FakeRegistry:
    status: ApprovalStatus = "Approved"
    reason: str = "Looks good"
    metadata: dict[str, str] = field(default_factory=lambda: {"run_id": "1", **URIS})

    def package(self, arn: str) -> Package:
        return Package(
            ref=PackageRef(arn, 1),
            group="sluice-dev-churn",
            approval_status=self.status,
            approval_description=self.reason,
            model_uri="s3://m/model.tar.gz",
            image="image",
            environment={},
            baseline_uri=None,
            metadata=self.metadata,
            changed_by="arn:aws:iam::000000000000:user/alice",
        )


@dataclass
class Cards:
    stage: StageUnderTest
    client: Any
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    remembered: dict[str, dict[str, Any]] = field(default_factory=dict)

    def once(self, key: str, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if key not in self.remembered:
            self.remembered[key] = action()
        return self.remembered[key]

    def handle(self, kms_key_arn: str | None = None, **detail: Any) -> dict[str, Any]:
        registry: Any = self.registry
        function = WriteModelCard("dev", self.stage.objects, registry, ModelCards(self.client, kms_key_arn), self.once)
        event = copy.deepcopy(load_event("model_package_state_change"))
        event["detail"] |= detail
        return function.handle(ModelPackageStateChange.model_validate(event))

    def card(self) -> dict[str, Any]:
        described: dict[str, Any] = self.client.describe_model_card(ModelCardName=NAME)
        return described

    def versions(self) -> int:
        return len(self.client.list_model_card_versions(ModelCardName=NAME)["ModelCardVersionSummaryList"])


@pytest.fixture
def cards(stage: StageUnderTest, tmp_path: Path) -> Cards:
    stage.put(f"{RUN}/definition/definition.json", definition_document(definition()))
    stage.put(f"{RUN}/evaluation/evaluation.json", json.dumps(evaluation()))
    stage.put(f"{RUN}/evaluation/gate.json", json.dumps(GATE))
    page = f'<html><script type="application/json" id="evaluation">{json.dumps(REPORT)}</script></html>'
    stage.put(f"{RUN}/report/report.html", page)
    return Cards(stage, CardsClient(tmp_path))


def test_an_approval_writes_an_approved_card(cards: Cards) -> None:
    assert cards.handle() == {"outcome": "created", "card": NAME}

    card = cards.card()
    content = json.loads(card["Content"])
    assert card["ModelCardStatus"] == "Approved"
    assert content["model_overview"]["model_name"] == "churn"
    assert content["additional_information"]["custom_details"]["decided_by"] == "arn:aws:iam::000000000000:user/alice"
    assert {"name": "eta", "value": "0.1"} in content["training_details"]["training_job_details"]["hyper_parameters"]


def test_the_same_event_writes_once(cards: Cards) -> None:
    assert cards.handle() == cards.handle()
    assert cards.client.calls == ["CreateModelCard"]


def test_another_approval_with_the_same_words_changes_nothing(cards: Cards) -> None:
    cards.handle(LastModifiedTime=1)

    assert cards.handle(LastModifiedTime=2)["outcome"] == "unchanged"
    assert cards.client.calls == ["CreateModelCard"]


def test_another_approval_with_other_words_makes_a_version_of_the_card(cards: Cards) -> None:
    cards.handle(LastModifiedTime=1)
    cards.registry.reason = "On second thoughts"

    assert cards.handle(LastModifiedTime=2)["outcome"] == "updated"
    assert cards.versions() == 2
    assert "On second thoughts" in cards.card()["Content"]


def test_a_draft_becomes_approved(cards: Cards) -> None:
    cards.handle(LastModifiedTime=1)
    cards.client.update_model_card(ModelCardName=NAME, ModelCardStatus="Draft")

    assert cards.handle(LastModifiedTime=2)["outcome"] == "updated"
    assert cards.card()["ModelCardStatus"] == "Approved"


def test_an_archived_card_stays_as_it_is(cards: Cards) -> None:
    cards.handle(LastModifiedTime=1)
    cards.client.update_model_card(ModelCardName=NAME, ModelCardStatus="Archived")
    cards.registry.reason = "On second thoughts"

    assert cards.handle(LastModifiedTime=2)["outcome"] == "archived"
    assert cards.versions() == 1


def test_a_key_encrypts_the_card(cards: Cards) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1234"

    cards.handle(kms_key_arn=key)

    assert cards.card()["SecurityConfig"] == {"KmsKeyId": key}


def test_a_page_that_is_gone_leaves_the_rest(cards: Cards) -> None:
    cards.stage.s3.delete_object(Bucket=BUCKET, Key=f"{RUN}/report/report.html")

    assert cards.handle()["outcome"] == "created"


@pytest.mark.parametrize(
    ("detail", "status"),
    [
        ({"UpdatedModelPackageFields": ["CustomerMetadataProperties"]}, "Approved"),
        ({"ModelPackageGroupName": "sluice-prod-churn"}, "Approved"),
        ({}, "Rejected"),
    ],
    ids=["metadata only", "another stage", "overtaken"],
)
def test_what_is_no_approval_of_ours_writes_nothing(
    cards: Cards, detail: dict[str, Any], status: ApprovalStatus
) -> None:
    cards.registry.status = status

    assert cards.handle(**detail)["outcome"] == "ignored"
    assert cards.client.calls == []


@pytest.mark.parametrize("absent", URIS)
def test_a_version_that_no_run_registered_has_no_card(cards: Cards, absent: str) -> None:
    del cards.registry.metadata[absent]

    reason = "no run of Sluice registered version 1: there are no facts to tell"
    assert cards.handle() == {"outcome": "ignored", "reason": reason}
    assert cards.client.calls == []


def test_an_event_without_a_list_of_fields_is_an_approval(cards: Cards) -> None:
    assert cards.handle(UpdatedModelPackageFields=None)["outcome"] == "created"


def test_another_error_of_sagemakers_goes_on_to_the_dead_letters(cards: Cards, stage: StageUnderTest) -> None:
    class Refusing:
        def create_model_card(self, **request: Any) -> None:
            raise ClientError({"Error": {"Code": "ResourceLimitExceeded", "Message": "full"}}, "CreateModelCard")

    cards.client = Refusing()
    with pytest.raises(ClientError, match="full"):
        cards.handle()
