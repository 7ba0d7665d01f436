"""The model registry through boto3, and its events through EventBridge."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": {"A": "b"}}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture
def group(cloud):
    name = f"group-{uuid.uuid4().hex[:6]}"
    cloud.client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def register(cloud, group):
    def create(**more):
        request = {"ModelPackageGroupName": group, "InferenceSpecification": SPECIFICATION} | more
        return cloud.client("sagemaker").create_model_package(**request)["ModelPackageArn"]

    return create


def test_an_approval_reaches_a_rule_on_it(cloud, register):
    events = cloud.client("events")
    url, queue = cloud.queue(admits="events.amazonaws.com")
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelApprovalStatus": ["Approved"]},
    }
    rule = f"rule-{uuid.uuid4().hex[:6]}"
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue}])

    arn = register(CustomerMetadataProperties={"run_id": "r"})
    sagemaker = cloud.client("sagemaker")
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="fine")
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"endpoint": "e"})

    received = [json.loads(message["Body"]) for message in cloud.messages(url, 2)]
    assert [event["resources"] for event in received] == [[arn], [arn]]
    fields = sorted(event["detail"]["UpdatedModelPackageFields"] for event in received)
    assert fields == [["ApprovalDescription", "ModelApprovalStatus"], ["CustomerMetadataProperties"]]


def test_a_package_is_read_back_as_it_was_written(cloud, register, group):
    arn = register(ModelPackageDescription="first")
    package = cloud.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert package["InferenceSpecification"] == SPECIFICATION
    assert (package["ModelPackageGroupName"], package["ModelPackageVersion"]) == (group, 1)
    assert package["CreatedBy"]["IamIdentity"]["Arn"].endswith(":root")


def test_a_paginator_walks_all_versions(cloud, register, group):
    arns = [register() for _ in range(5)]
    pages = (
        cloud.client("sagemaker")
        .get_paginator("list_model_packages")
        .paginate(ModelPackageGroupName=group, PaginationConfig={"PageSize": 2})
    )
    assert [package["ModelPackageArn"] for page in pages for package in page["ModelPackageSummaryList"]] == arns


def test_an_approver_may_approve_only_where_its_role_says(cloud, register):
    arn = register()
    may = {"Action": "sagemaker:UpdateModelPackage"}
    role = cloud.role({"AWS": "arn:aws:iam::000000000000:root"}, may | {"Resource": arn.rpartition("/")[0] + "/*"})
    approver = cloud.as_role(role, "sagemaker")
    approver.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    described = cloud.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert ":assumed-role/" in described["LastModifiedBy"]["IamIdentity"]["Arn"]

    cloud.allow(role, may | {"Resource": "arn:aws:sagemaker:us-east-1:000000000000:model-package/other/*"})
    with pytest.raises(
        ClientError, match=f"not authorized to perform: sagemaker:UpdateModelPackage on resource: {arn}"
    ):
        approver.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")


def test_a_missing_group_is_a_validation_error(cloud):
    with pytest.raises(ClientError, match="does not exist") as refusal:
        cloud.client("sagemaker").describe_model_package_group(ModelPackageGroupName="nobody")
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
