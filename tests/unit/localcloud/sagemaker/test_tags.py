import pytest

from localcloud.api import ApiError, Call
from localcloud.sagemaker.tags import TagStore
from tests.fakes.cloud import FakeCloud

ARN = "arn:aws:sagemaker:us-east-1:000000000000:training-job/one"


@pytest.fixture
def cloud(tmp_path):
    return FakeCloud(tmp_path)


@pytest.fixture
def tags(cloud):
    return TagStore(cloud)


def ask(cloud, tags, operation, **request):
    return tags.operations()[operation](Call(operation, request, cloud.caller))


def test_tags_are_added_replaced_listed_and_deleted(cloud, tags):
    tags.register(ARN, [{"Key": "team", "Value": "a"}])

    ask(cloud, tags, "AddTags", ResourceArn=ARN, Tags=[{"Key": "team", "Value": "b"}, {"Key": "run", "Value": "1"}])
    listed = ask(cloud, tags, "ListTags", ResourceArn=ARN)
    ask(cloud, tags, "DeleteTags", ResourceArn=ARN, TagKeys=["team", "absent"])

    assert listed["Tags"] == [{"Key": "run", "Value": "1"}, {"Key": "team", "Value": "b"}]
    assert tags.of(ARN) == {"run": "1"}


def test_each_operation_is_authorized_on_the_resource(cloud, tags):
    tags.register(ARN)
    for operation, request in (("AddTags", {"Tags": []}), ("ListTags", {}), ("DeleteTags", {"TagKeys": []})):
        cloud.denied = {f"sagemaker:{operation}"}
        with pytest.raises(ApiError, match=rf"sagemaker:{operation} on resource: {ARN}"):
            ask(cloud, tags, operation, ResourceArn=ARN, **request)


def test_an_unknown_or_forgotten_resource_has_no_tags(cloud, tags):
    tags.register(ARN, [{"Key": "team", "Value": "a"}])
    tags.forget(ARN)
    with pytest.raises(ApiError, match="Could not find a resource"):
        ask(cloud, tags, "ListTags", ResourceArn=ARN)
    assert tags.of(ARN) == {}


def test_the_fifty_first_tag_is_refused_and_nothing_changes(cloud, tags):
    tags.register(ARN, [{"Key": f"k{number}", "Value": ""} for number in range(50)])
    with pytest.raises(ApiError) as refusal:
        ask(cloud, tags, "AddTags", ResourceArn=ARN, Tags=[{"Key": "one-more", "Value": ""}])
    assert refusal.value.code == "ResourceLimitExceeded"
    assert "one-more" not in tags.of(ARN)


def test_creating_with_tags_takes_the_permission_to_tag_and_without_does_not(cloud, tags):
    cloud.denied = {"sagemaker:AddTags"}
    tags.authorize(cloud.caller, ARN, [])
    with pytest.raises(ApiError):
        tags.authorize(cloud.caller, ARN, [{"Key": "team", "Value": "a"}])
