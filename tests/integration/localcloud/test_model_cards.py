"""Model cards through boto3, with IAM enforced."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

CONTENT = json.dumps({"model_overview": {"model_name": "churn"}, "intended_uses": {"risk_rating": "Low"}})


@pytest.fixture
def name() -> str:
    return f"card-{uuid.uuid4().hex[:6]}"


@pytest.fixture
def create(cloud, name):
    def make(**more):
        request = {"ModelCardName": name, "Content": CONTENT, "ModelCardStatus": "Draft"} | more
        return cloud.client("sagemaker").create_model_card(**request)["ModelCardArn"]

    return make


def test_a_card_is_written_edited_listed_and_deleted(cloud, create, name):
    sagemaker = cloud.client("sagemaker")
    arn = create(Tags=[{"Key": "team", "Value": "a"}])
    sagemaker.update_model_card(ModelCardName=name, Content=json.dumps({"business_details": {}}))
    sagemaker.update_model_card(ModelCardName=name, ModelCardStatus="Approved")

    card = sagemaker.describe_model_card(ModelCardName=arn)
    assert (card["ModelCardVersion"], card["ModelCardStatus"]) == (2, "Approved")
    assert sagemaker.describe_model_card(ModelCardName=name, ModelCardVersion=1)["Content"] == CONTENT
    listed = sagemaker.list_model_cards(NameContains=name)["ModelCardSummaries"]
    assert [one["ModelCardArn"] for one in listed] == [arn]
    pages = sagemaker.get_paginator("list_model_card_versions").paginate(
        ModelCardName=name, PaginationConfig={"PageSize": 1}
    )
    assert [one["ModelCardVersion"] for page in pages for one in page["ModelCardVersionSummaryList"]] == [1, 2]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]

    sagemaker.delete_model_card(ModelCardName=name)
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_model_card(ModelCardName=name)


def test_a_taken_name_and_content_beyond_the_schema_are_refused_as_aws_names_it(cloud, create):
    sagemaker = cloud.client("sagemaker")
    with pytest.raises(ClientError, match=r"intended_uses\.risk_rating") as refused:
        create(Content='{"intended_uses": {"risk_rating": "None"}}')
    assert refused.value.response["Error"]["Code"] == "ValidationException"

    create()
    with pytest.raises(sagemaker.exceptions.ConflictException):
        create()


def test_a_role_writes_only_the_cards_that_it_may(cloud, create, name):
    own = f"arn:aws:sagemaker:us-east-1:000000000000:model-card/{name}"
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    writer = cloud.as_role(cloud.role(root, {"Action": "sagemaker:CreateModelCard", "Resource": own}), "sagemaker")
    request = {"Content": CONTENT, "ModelCardStatus": "Draft"}

    writer.create_model_card(ModelCardName=name, **request)

    assert (
        ":assumed-role/"
        in cloud.client("sagemaker").describe_model_card(ModelCardName=name)["CreatedBy"]["IamIdentity"]["Arn"]
    )
    for action, refused in (
        ("CreateModelCard", lambda: writer.create_model_card(ModelCardName="another", **request)),
        ("DescribeModelCard", lambda: writer.describe_model_card(ModelCardName=name)),
    ):
        with pytest.raises(ClientError, match=f"not authorized to perform: sagemaker:{action}"):
            refused()
