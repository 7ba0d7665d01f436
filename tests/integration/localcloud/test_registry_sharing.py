"""Who else may read a group: kept, given back, guarded. That another account is let in, one account cannot show."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def group(cloud):
    name = f"group-{uuid.uuid4().hex[:6]}"
    cloud.client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
    return name


def test_a_groups_policy_is_kept_until_it_is_removed(cloud, group):
    sagemaker = cloud.client("sagemaker")
    answer = sagemaker.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=POLICY)
    assert answer["ModelPackageGroupArn"].endswith(f":model-package-group/{group}")
    assert sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)["ResourcePolicy"] == POLICY

    sagemaker.delete_model_package_group_policy(ModelPackageGroupName=group)

    with pytest.raises(ClientError, match="Cannot find resource policy"):
        sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)


def test_a_group_that_is_made_anew_has_no_policy_of_before(cloud, group):
    sagemaker = cloud.client("sagemaker")
    sagemaker.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=POLICY)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    sagemaker.create_model_package_group(ModelPackageGroupName=group)

    with pytest.raises(ClientError, match="Cannot find resource policy"):
        sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)


@pytest.mark.parametrize(("name", "policy"), [(None, "allow all"), (None, '"x"'), ("nobodys", POLICY)])
def test_what_is_no_policy_or_no_group_is_refused(cloud, group, name, policy):
    with pytest.raises(ClientError, match="ValidationException"):
        cloud.client("sagemaker").put_model_package_group_policy(
            ModelPackageGroupName=name or group, ResourcePolicy=policy
        )
