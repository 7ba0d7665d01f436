import pytest

from localcloud.errors import ApiError

ARN = "arn:aws:sagemaker:us-east-1:000000000000:model-package/churn"


def events_of(cloud):
    return [event for event in cloud.events if event.detail_type == "SageMaker Model Package State Change"]


def test_versions_count_up_and_a_deleted_number_is_not_given_again(request_, create_version):
    first, second = create_version(), create_version()
    request_("DeleteModelPackage", ModelPackageName=second["ModelPackageArn"])
    third = create_version()

    assert [p["ModelPackageVersion"] for p in (first, second, third)] == [1, 2, 3]
    assert third["ModelPackageArn"] == f"{ARN}/3"


def test_a_version_waits_for_approval_unless_told_otherwise(create_version):
    assert create_version()["ModelApprovalStatus"] == "PendingManualApproval"
    assert create_version(ModelApprovalStatus="Rejected")["ModelApprovalStatus"] == "Rejected"


def test_a_new_version_is_announced_without_updated_fields(create_version, cloud):
    metrics = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/evaluation.json"}}}
    create_version(ModelMetrics=metrics, CustomerMetadataProperties={"run_id": "r1"})

    (event,) = events_of(cloud)
    assert event.source == "aws.sagemaker"
    assert event.resources == [f"{ARN}/1"]
    assert event.detail["ModelPackageName"] == "churn/1"
    assert event.detail["ModelPackageGroupName"] == "churn"
    assert event.detail["ModelPackageVersion"] == 1
    assert event.detail["ModelApprovalStatus"] == "PendingManualApproval"
    assert event.detail["ModelMetrics"] == metrics
    assert event.detail["CustomerMetadataProperties"] == {"run_id": "r1"}
    assert isinstance(event.detail["CreationTime"], int)
    assert "UpdatedModelPackageFields" not in event.detail


def test_an_approval_names_what_it_changed_and_who_did_it(request_, create_version, cloud):
    arn = create_version()["ModelPackageArn"]
    request_(
        "UpdateModelPackage", ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="looks right"
    )

    package = request_("DescribeModelPackage", ModelPackageName=arn)
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["LastModifiedBy"]["IamIdentity"]["Arn"] == cloud.caller.arn
    event = events_of(cloud)[-1]
    assert event.detail["UpdatedModelPackageFields"] == ["ApprovalDescription", "ModelApprovalStatus"]
    assert event.detail["ApprovalDescription"] == "looks right"
    assert event.detail["LastModifiedTime"] >= event.detail["CreationTime"]


def test_a_metadata_update_repeats_the_approval_without_naming_it(request_, create_version, cloud):
    arn = create_version(ModelApprovalStatus="Approved")["ModelPackageArn"]
    request_("UpdateModelPackage", ModelPackageArn=arn, CustomerMetadataProperties={"endpoint": "e"})

    event = events_of(cloud)[-1]
    assert event.detail["ModelApprovalStatus"] == "Approved"
    assert event.detail["UpdatedModelPackageFields"] == ["CustomerMetadataProperties"]


def test_versions_are_listed_by_group_and_approval_newest_first_on_request(request_, create_version):
    create_version(ModelApprovalStatus="Approved")
    create_version()
    create_version(ModelApprovalStatus="Approved")

    listed = request_(
        "ListModelPackages", ModelPackageGroupName="churn", ModelApprovalStatus="Approved", SortOrder="Descending"
    )
    assert [package["ModelPackageVersion"] for package in listed["ModelPackageSummaryList"]] == [3, 1]
    page = request_("ListModelPackages", ModelPackageGroupName="churn", MaxResults=2)
    assert [package["ModelPackageVersion"] for package in page["ModelPackageSummaryList"]] == [1, 2]
    rest = request_("ListModelPackages", ModelPackageGroupName="churn", MaxResults=2, NextToken=page["NextToken"])
    assert [package["ModelPackageVersion"] for package in rest["ModelPackageSummaryList"]] == [3]


def test_the_same_client_token_makes_one_version(request_, create_version):
    token = "0123456789abcdef0123456789abcdef0123"
    first = create_version(ClientToken=token)
    assert create_version(ClientToken=token)["ModelPackageArn"] == first["ModelPackageArn"]


def test_an_unversioned_package_is_refused_with_what_to_do(request_):
    with pytest.raises(ApiError, match="give ModelPackageGroupName"):
        request_("CreateModelPackage", ModelPackageName="alone")


def test_what_would_be_ignored_is_refused_by_name(create_version):
    with pytest.raises(ApiError, match="CertifyForMarketplace is not implemented by the local cloud"):
        create_version(CertifyForMarketplace=True)


def test_a_version_needs_its_group(request_):
    with pytest.raises(ApiError, match="model-package-group/nobody does not exist"):
        request_("CreateModelPackage", ModelPackageGroupName="nobody")


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("DescribeModelPackage", "ModelPackageName"),
        ("UpdateModelPackage", "ModelPackageArn"),
        ("DeleteModelPackage", "ModelPackageName"),
    ],
)
def test_an_unknown_version_does_not_exist(request_, operation, member):
    with pytest.raises(ApiError, match=f"ModelPackage {ARN}/7 does not exist"):
        request_(operation, **{member: f"{ARN}/7"})


@pytest.mark.parametrize("operation", ["Describe", "Update", "Delete"])
def test_every_operation_asks_for_its_action_on_the_version(request_, create_version, cloud, operation):
    arn = create_version()["ModelPackageArn"]
    cloud.denied = {f"sagemaker:{operation}ModelPackage"}
    member = "ModelPackageArn" if operation == "Update" else "ModelPackageName"
    with pytest.raises(ApiError, match=f"sagemaker:{operation}ModelPackage on resource: {arn}"):
        request_(f"{operation}ModelPackage", **{member: arn})


def test_a_refused_caller_leaves_no_gap_in_the_versions(create_version, cloud):
    create_version()
    cloud.denied = {"sagemaker:CreateModelPackage"}
    with pytest.raises(ApiError, match="not authorized"):
        create_version()
    cloud.denied = set()
    assert create_version()["ModelPackageVersion"] == 2
