import pytest

from localcloud.errors import ApiError

ARN = "arn:aws:sagemaker:us-east-1:000000000000:model-package-group/churn"


def test_a_group_is_described_by_name_and_by_arn_with_its_author(request_):
    created = request_("CreateModelPackageGroup", ModelPackageGroupName="churn", ModelPackageGroupDescription="leavers")

    assert created == {"ModelPackageGroupArn": ARN}
    group = request_("DescribeModelPackageGroup", ModelPackageGroupName="churn")
    assert group == request_("DescribeModelPackageGroup", ModelPackageGroupName=ARN)
    assert group["ModelPackageGroupStatus"] == "Completed"
    assert group["ModelPackageGroupDescription"] == "leavers"
    assert group["CreatedBy"]["IamIdentity"]["Arn"] == "arn:aws:iam::000000000000:root"


def test_a_name_is_taken_once(request_):
    request_("CreateModelPackageGroup", ModelPackageGroupName="churn")
    with pytest.raises(ApiError, match=f"Model Package Group already exists: {ARN}") as refusal:
        request_("CreateModelPackageGroup", ModelPackageGroupName="churn")
    assert refusal.value.code == "ValidationException"


@pytest.mark.parametrize("operation", ["DescribeModelPackageGroup", "DeleteModelPackageGroup"])
def test_an_unknown_group_does_not_exist(request_, operation):
    with pytest.raises(ApiError, match=f"ModelPackageGroup {ARN} does not exist") as refusal:
        request_(operation, ModelPackageGroupName="churn")
    assert refusal.value.code == "ValidationException"


def test_groups_are_listed_in_pages(request_):
    for name in ("a-churn", "b-churn", "other"):
        request_("CreateModelPackageGroup", ModelPackageGroupName=name)

    first = request_("ListModelPackageGroups", NameContains="churn", SortBy="Name", MaxResults=1)
    second = request_(
        "ListModelPackageGroups", NameContains="churn", SortBy="Name", MaxResults=1, NextToken=first["NextToken"]
    )

    names = [
        group["ModelPackageGroupName"] for page in (first, second) for group in page["ModelPackageGroupSummaryList"]
    ]
    assert names == ["a-churn", "b-churn"]
    assert "NextToken" not in second


def test_a_group_goes_when_it_is_empty(request_, create_version):
    version = create_version()
    with pytest.raises(ApiError, match="still contains 1 model packages") as refusal:
        request_("DeleteModelPackageGroup", ModelPackageGroupName="churn")
    assert refusal.value.code == "ConflictException"

    request_("DeleteModelPackage", ModelPackageName=version["ModelPackageArn"])
    request_("DeleteModelPackageGroup", ModelPackageGroupName="churn")
    assert request_("ListModelPackageGroups")["ModelPackageGroupSummaryList"] == []


def test_tags_take_their_own_permission(request_, cloud):
    cloud.denied = {"sagemaker:AddTags"}
    with pytest.raises(ApiError, match="sagemaker:AddTags"):
        request_("CreateModelPackageGroup", ModelPackageGroupName="churn", Tags=[{"Key": "a", "Value": "b"}])
    request_("CreateModelPackageGroup", ModelPackageGroupName="churn")
