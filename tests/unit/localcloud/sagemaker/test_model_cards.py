import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.api import JsonService
from localcloud.errors import ApiError
from localcloud.sagemaker.model_cards import ModelCards
from localcloud.sagemaker.tags import TagStore
from tests.fakes.cloud import FakeCloud

Request = Callable[..., dict[str, Any]]

ARN = "arn:aws:sagemaker:us-east-1:000000000000:model-card/card"
CONTENT = json.dumps({"model_overview": {"model_name": "churn", "model_creator": "us"}})
OTHER = json.dumps({"model_overview": {"model_name": "churn", "model_creator": "them"}})


@pytest.fixture
def cloud(tmp_path: Path) -> FakeCloud:
    return FakeCloud(tmp_path)


@pytest.fixture
def request_(cloud: FakeCloud) -> Request:
    """Calls the cards as the API does: request and answer pass botocore's model."""
    tags = TagStore(cloud)
    table = ModelCards(cloud, tags).operations() | tags.operations()
    service = JsonService("sagemaker", table, lambda headers: cloud.caller)
    return lambda operation, **request: service.call(operation, request, cloud.caller)


@pytest.fixture
def create(request_: Request) -> Request:
    def make(name: str = "card", **more: Any) -> dict[str, Any]:
        return request_(
            "CreateModelCard", **{"ModelCardName": name, "Content": CONTENT, "ModelCardStatus": "Draft", **more}
        )

    return make


def test_a_card_is_read_back_by_name_and_by_arn_with_its_author(request_: Request, create: Request) -> None:
    assert create() == {"ModelCardArn": ARN}

    card = request_("DescribeModelCard", ModelCardName="card")
    assert card == request_("DescribeModelCard", ModelCardName=ARN)
    assert (card["Content"], card["ModelCardStatus"], card["ModelCardVersion"]) == (CONTENT, "Draft", 1)
    assert card["CreatedBy"]["IamIdentity"]["Arn"] == "arn:aws:iam::000000000000:root"


def test_a_name_is_taken_once(create: Request) -> None:
    create()
    with pytest.raises(ApiError, match=f"{ARN} already exists") as refused:
        create()
    assert refused.value.code == "ConflictException"


def test_an_edit_makes_a_version_and_a_change_of_status_does_not(request_: Request, create: Request) -> None:
    create()
    request_("UpdateModelCard", ModelCardName="card", ModelCardStatus="PendingReview")
    request_("UpdateModelCard", ModelCardName="card", Content=OTHER)
    request_("UpdateModelCard", ModelCardName=ARN, ModelCardStatus="Approved")

    versions = request_("ListModelCardVersions", ModelCardName="card")["ModelCardVersionSummaryList"]
    assert [(one["ModelCardVersion"], one["ModelCardStatus"]) for one in versions] == [
        (1, "PendingReview"),
        (2, "Approved"),
    ]
    assert request_("DescribeModelCard", ModelCardName="card")["Content"] == OTHER
    first = request_("DescribeModelCard", ModelCardName="card", ModelCardVersion=1)
    assert (first["Content"], first["ModelCardStatus"]) == (CONTENT, "PendingReview")


def test_content_and_status_are_not_changed_at_once(request_: Request, create: Request) -> None:
    create()
    with pytest.raises(ApiError, match="cannot update both model card content and status"):
        request_("UpdateModelCard", ModelCardName="card", Content=OTHER, ModelCardStatus="Approved")


def test_an_archived_card_does_not_change(request_: Request, create: Request) -> None:
    create(ModelCardStatus="Archived")
    with pytest.raises(ApiError, match="is archived"):
        request_("UpdateModelCard", ModelCardName="card", ModelCardStatus="Draft")


def test_metadata_only_leaves_what_is_not_encrypted(request_: Request, create: Request) -> None:
    create(Content=json.dumps({"model_overview": {"model_name": "churn", "model_owner": "us"}, "business_details": {}}))

    card = request_("DescribeModelCard", ModelCardName="card", IncludedData="MetadataOnly")

    assert json.loads(card["Content"]) == {"model_overview": {"model_name": "churn"}}


@pytest.mark.parametrize(
    ("content", "said"),
    [("model", "is not JSON"), ("[]", "does not follow"), ('{"owner": "us"}', "owner: Extra inputs")],
)
@pytest.mark.parametrize("operation", ["CreateModelCard", "UpdateModelCard"])
def test_content_is_checked(request_: Request, create: Request, operation: str, content: str, said: str) -> None:
    create()
    status = {"ModelCardStatus": "Draft"} if operation == "CreateModelCard" else {}
    with pytest.raises(ApiError, match=said) as refused:
        request_(operation, ModelCardName="card", Content=content, **status)
    assert refused.value.code == "ValidationException"


@pytest.mark.parametrize("operation", ["DescribeModelCard", "DeleteModelCard", "ListModelCardVersions"])
def test_an_unknown_card_is_not_found(request_: Request, operation: str) -> None:
    with pytest.raises(ApiError, match="model-card/nobody does not exist") as refused:
        request_(operation, ModelCardName="nobody")
    assert refused.value.code == "ResourceNotFound"


@pytest.mark.parametrize("version", [0, 2])
def test_an_unknown_version_is_not_found(request_: Request, create: Request, version: int) -> None:
    create()
    with pytest.raises(ApiError, match=f"has no version {version}"):
        request_("DescribeModelCard", ModelCardName="card", ModelCardVersion=version)


def test_cards_are_listed_by_status_and_name_in_pages(request_: Request, create: Request) -> None:
    for name, status in (("b-churn", "Approved"), ("a-churn", "Approved"), ("c-churn", "Draft"), ("other", "Approved")):
        create(name, ModelCardStatus=status)

    def listed(**request: Any) -> list[str]:
        return [one["ModelCardName"] for one in request_("ListModelCards", **request)["ModelCardSummaries"]]

    wanted = {"ModelCardStatus": "Approved", "NameContains": "churn"}
    assert listed(**wanted) == ["b-churn", "a-churn"]
    assert listed(**wanted, SortBy="Name") == ["a-churn", "b-churn"]
    assert listed(**wanted, SortBy="Name", SortOrder="Descending") == ["b-churn", "a-churn"]
    first = request_("ListModelCards", MaxResults=3)
    assert listed(MaxResults=3, NextToken=first["NextToken"]) == ["other"]


def test_versions_are_listed_newest_first_on_request(request_: Request, create: Request) -> None:
    create()
    request_("UpdateModelCard", ModelCardName="card", Content=OTHER)

    listed = request_("ListModelCardVersions", ModelCardName="card", SortOrder="Descending", MaxResults=1)

    assert [one["ModelCardVersion"] for one in listed["ModelCardVersionSummaryList"]] == [2]


def test_a_deleted_card_and_its_tags_are_gone(request_: Request, create: Request) -> None:
    create(Tags=[{"Key": "team", "Value": "a"}])
    assert request_("ListTags", ResourceArn=ARN)["Tags"] == [{"Key": "team", "Value": "a"}]

    request_("DeleteModelCard", ModelCardName="card")

    with pytest.raises(ApiError):
        request_("ListTags", ResourceArn=ARN)
    create()


@pytest.mark.parametrize("operation", ["Create", "Describe", "Update", "Delete"])
def test_every_operation_asks_for_its_action_on_the_card(
    request_: Request, create: Request, cloud: FakeCloud, operation: str
) -> None:
    create()
    cloud.denied = {f"sagemaker:{operation}ModelCard"}
    more = {"Content": CONTENT, "ModelCardStatus": "Draft"} if operation == "Create" else {}
    with pytest.raises(ApiError, match=f"sagemaker:{operation}ModelCard on resource: {ARN}"):
        request_(f"{operation}ModelCard", ModelCardName="card", **more)


def test_tags_take_their_own_permission(create: Request, cloud: FakeCloud) -> None:
    cloud.denied = {"sagemaker:AddTags"}
    with pytest.raises(ApiError, match="sagemaker:AddTags"):
        create(Tags=[{"Key": "team", "Value": "a"}])
    create()


@pytest.mark.parametrize(("operation", "resource"), [("ListModelCards", "[*]"), ("ListModelCardVersions", ARN)])
def test_listing_asks_too(request_: Request, create: Request, cloud: FakeCloud, operation: str, resource: str) -> None:
    create()
    cloud.denied = {f"sagemaker:{operation}"}
    more = {} if operation == "ListModelCards" else {"ModelCardName": "card"}
    with pytest.raises(ApiError, match=f"sagemaker:{operation} on resource: {resource}"):
        request_(operation, **more)
