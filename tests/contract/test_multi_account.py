"""A registry's account and the accounts that deploy: each side's template gives what the other needs, and no more.

What is checked: requests against botocore's models, patterns by the local cloud's matcher, and that the two sides name
the same things. Whether AWS decides so across accounts, nothing here can show (docs/multi-account.md).
"""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from cli.stack import Stack
from sluice.aws.registry import Registry
from sluice.naming import ModelPrefix
from sluice.sharing import group_arn, group_policy
from tests.contract.test_events import matches, rules
from tests.events import load_event
from tests.template import made, resolved, template

REGISTRY, DEV, PROD = "111111111111", "222222222222", "333333333333"
ARN = f"arn:aws:sagemaker:us-east-1:{REGISTRY}:model-package/sluice-dev-churn/7"
BUCKET = f"sluice-dev-{REGISTRY}-us-east-1"
OF_THE_REGISTRY = {
    "ConsumerAccountIds": f"{DEV},{PROD}",
    "DevEventBusArn": f"arn:aws:events:us-east-1:{DEV}:event-bus/default",
    "ProdEventBusArn": f"arn:aws:events:us-east-1:{PROD}:event-bus/default",
    "AWS::AccountId": REGISTRY,
}
OF_A_CONSUMER = {
    "RegistryAccountId": REGISTRY,
    "RegistryBucketName": BUCKET,
    "RegistryKmsKeyArn": f"arn:aws:kms:us-east-1:{REGISTRY}:key/1",
    "AWS::AccountId": DEV,
}
RUN = ModelPrefix("churn").run("261120202448-3fa2")
NEEDED = [f"{RUN}model/x/output/model.tar.gz", f"{RUN}definition/definition.json", f"{RUN}evaluation/golden.json"]
WITHHELD = [f"{RUN}train/a.parquet", f"{RUN}holdout/a.csv", f"{RUN}report/report.html", "models/churn/raw/a.csv"]


def properties(name: str, parameters: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = resolved(template()["Resources"][name]["Properties"], **parameters)
    return found


def statement(document: dict[str, Any], sid: str) -> dict[str, Any]:
    (found,) = [one for one in document["Statement"] if one.get("Sid") == sid]
    return found


def allows(one: dict[str, Any], resource: str) -> bool:
    patterns = one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]
    return any(fnmatchcase(resource, pattern) for pattern in patterns)


def check_request(service: str, operation: str, request: dict[str, Any]) -> None:
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    assert not report.has_errors(), report.generate_report()


def approval(account: str) -> dict[str, Any]:
    return load_event("model_package_state_change") | {"account": account}


def test_by_default_nothing_of_it_is_made() -> None:
    of_a_consumer = {
        "RegistryEvents",
        "RegistryAccess",
        "RegistryDefinitions",
        "RegistryVersions",
        "RegistryBatches",
    }
    several = {"ForwardApprovals", "ForwardApprovalsRole", *of_a_consumer}
    assert not made() & several
    assert made(**OF_THE_REGISTRY) & several == {"ForwardApprovals", "ForwardApprovalsRole"}
    assert made(**OF_A_CONSUMER) & several == of_a_consumer
    policy = properties("BucketPolicy", {})["PolicyDocument"]
    assert [one["Sid"] for one in policy["Statement"]] == ["TlsOnly"]


def test_consumers_read_what_a_version_is_deployed_with_and_no_data() -> None:
    bucket = f"arn:aws:s3:::{BUCKET}"
    given = statement(properties("BucketPolicy", OF_THE_REGISTRY)["PolicyDocument"], "ConsumersReadVersions")
    taken = statement(properties("RegistryAccess", OF_A_CONSUMER)["PolicyDocument"], "ReadWhatTheyAreDeployedWith")

    assert given["Principal"] == {"AWS": [DEV, PROD]}
    assert set(given["Resource"]) == set(taken["Resource"])
    for one in (given, taken):
        assert [key for key in NEEDED + WITHHELD if allows(one, f"{bucket}/{key}")] == NEEDED
    role = properties("SageMakerRole", OF_A_CONSUMER)["Policies"][0]["PolicyDocument"]
    assert allows(statement(role, "ReadTheRegistrysArtifacts"), f"{bucket}/{NEEDED[0]}")


def test_consumers_monitor_by_what_a_version_left_and_by_no_rows() -> None:
    bucket = f"arn:aws:s3:::{BUCKET}"
    given = statement(properties("BucketPolicy", OF_THE_REGISTRY)["PolicyDocument"], "ConsumersMonitorVersions")
    role = properties("SageMakerRole", OF_A_CONSUMER)["Policies"][0]["PolicyDocument"]
    left = [f"{RUN}baseline/{name}.json" for name in ("reference", "statistics", "constraints")]
    left += [f"{RUN}evaluation/{name}.json" for name in ("reference", "quality_constraints")]

    assert given["Principal"] == {"AWS": [DEV, PROD]}
    for one in (given, statement(role, "ReadTheRegistrysArtifacts")):
        assert [key for key in left + WITHHELD if allows(one, f"{bucket}/{key}")] == left
    assert allows(statement(role, "ListTheRegistrysBucket"), bucket), "a job's inputs are prefixes"


def test_the_groups_policy_lets_a_consumer_do_what_its_own_policy_asks_for() -> None:
    of_the_group, of_a_version = group_policy(ARN, [DEV, PROD])["Statement"]
    access = properties("RegistryAccess", OF_A_CONSUMER)["PolicyDocument"]
    read, listed = statement(access, "DeployVersions"), statement(access, "ListVersions")

    assert set(read["Action"]) <= set(of_a_version["Action"])
    assert allows(read, ARN)
    assert allows(of_a_version, ARN)
    assert listed["Action"] in of_the_group["Action"]
    assert of_the_group["Resource"] == group_arn(ARN)
    assert allows(listed, group_arn(ARN))


def rights_of_a_consumer(function: str) -> list[dict[str, Any]]:
    """Its own statements, and those of the managed policies on its role."""
    own = template()["Resources"][function]["Properties"]["Policies"]
    policies = [resolved(policy, **OF_A_CONSUMER) for policy in own if isinstance(policy, dict)]
    for name, resource in template()["Resources"].items():
        roles = resource["Properties"].get("Roles", []) if resource["Type"] == "AWS::IAM::ManagedPolicy" else []
        if any(f"{function}Role" in str(role) for role in roles):
            policies.append(properties(name, OF_A_CONSUMER)["PolicyDocument"])
    return [one for policy in policies for one in policy["Statement"] if isinstance(one, dict)]


def may(function: str, action: str, resource: str) -> bool:
    rights = [one for one in rights_of_a_consumer(function) if allows(one, resource)]
    return any(action == one["Action"] or action in one["Action"] for one in rights)


DEFINITION = f"arn:aws:s3:::{BUCKET}/{NEEDED[1]}"
REGISTRYS_KEY = OF_A_CONSUMER["RegistryKmsKeyArn"]
READS_DEFINITIONS = (
    "DeployModel",
    "ActivateEndpoint",
    "CompareVariants",
    "StartBatch",
    "ServePredictions",
    "RunMonitor",
    "FinishBatch",
)


@pytest.mark.parametrize("function", READS_DEFINITIONS)
def test_whoever_reads_by_what_a_version_was_trained_may_do_so_in_the_registry(function: str) -> None:
    assert may(function, "s3:GetObject", DEFINITION)
    assert may(function, "s3:ListBucket", f"arn:aws:s3:::{BUCKET}"), "a missing object would read as a refused one"
    assert may(function, "kms:Decrypt", REGISTRYS_KEY)


@pytest.mark.parametrize(
    ("function", "actions"),
    [
        ("DeployModel", ["DescribeModelPackage", "UpdateModelPackage", "CreateModel"]),
        ("ActivateEndpoint", ["DescribeModelPackage", "UpdateModelPackage", "CreateModel"]),
        ("StartBatch", ["DescribeModelPackage", "CreateModel"]),
        ("BatchStateMachine", ["DescribeModelPackage", "CreateModel"]),
        ("CompareVariants", []),
        ("ServePredictions", []),
        ("RunMonitor", ["DescribeModelPackage"]),
        ("FinishBatch", ["DescribeModelPackage"]),
        ("CleanUp", []),
        ("ReapEndpoints", []),
    ],
)
def test_whoever_takes_the_registrys_versions_may_and_only_two_reject_them(function: str, actions: list[str]) -> None:
    asked = ["DescribeModelPackage", "UpdateModelPackage", "CreateModel", "DeleteModelPackage"]

    assert [action for action in asked if may(function, f"sagemaker:{action}", ARN)] == actions


def test_whoever_looks_for_models_needs_no_bucket() -> None:
    """A consumer's has no folder of a model that was never uploaded to there."""
    for function in ("CleanUp", "ReapEndpoints"):
        assert "BUCKET_NAME" not in properties(function, OF_A_CONSUMER)["Environment"]["Variables"]
        assert not any("s3:" in json.dumps(one) for one in rights_of_a_consumer(function))
        assert may(function, "ssm:GetParametersByPath", f"arn:aws:ssm:us-east-1:{DEV}:parameter/sluice/dev")


def test_the_groups_policy_speaks_of_actions_that_exist_and_makes_and_deletes_no_version() -> None:
    operations = botocore.session.get_session().get_service_model("sagemaker").operation_names
    actions = [action for one in group_policy(ARN, [DEV])["Statement"] for action in one["Action"]]

    assert {action.removeprefix("sagemaker:") for action in actions} <= set(operations)
    assert [action for action in actions if not action.startswith(("sagemaker:Describe", "sagemaker:List"))] == [
        "sagemaker:UpdateModelPackage",
        "sagemaker:CreateModel",
    ]


@pytest.mark.parametrize("count", [1, 100])
def test_the_groups_policy_passes_sagemakers_model(count: int) -> None:
    policy = json.dumps(group_policy(ARN, [f"{number:012d}" for number in range(count)]))
    check_request(
        "sagemaker",
        "PutModelPackageGroupPolicy",
        {"ModelPackageGroupName": "sluice-dev-churn", "ResourcePolicy": policy},
    )
    assert len(policy) <= 20_480


def test_another_partitions_group_has_its_principals() -> None:
    (principal,) = group_policy(ARN.replace("arn:aws:", "arn:aws-cn:"), [DEV])["Statement"][0]["Principal"]["AWS"]
    assert principal == f"arn:aws-cn:iam::{DEV}:root"


def test_approvals_are_forwarded_to_the_buses_that_are_given() -> None:
    rule = properties("ForwardApprovals", OF_THE_REGISTRY)
    role = properties("ForwardApprovalsRole", OF_THE_REGISTRY)
    check_request("events", "PutTargets", {"Rule": rule["Name"], "Targets": rule["Targets"]})

    buses = [target["Arn"] for target in rule["Targets"]]
    assert buses == [OF_THE_REGISTRY["DevEventBusArn"], OF_THE_REGISTRY["ProdEventBusArn"]]
    assert role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] == buses
    assert matches(rule["EventPattern"], approval(REGISTRY))
    # A consumer that is a registry too forwards nothing in circles.
    assert not matches(rule["EventPattern"], approval(DEV))


def test_a_consumer_lets_in_what_the_registry_forwards() -> None:
    policy = properties("RegistryEvents", OF_A_CONSUMER)
    rule = properties("ForwardApprovals", OF_THE_REGISTRY)["EventPattern"]
    allowed = policy["Statement"]["Condition"]["StringEquals"]

    assert policy["Statement"]["Principal"] == {"AWS": REGISTRY}
    assert policy["Statement"]["Resource"] == OF_THE_REGISTRY["DevEventBusArn"]
    assert ([allowed["events:source"]], [allowed["events:detail-type"]]) == (rule["source"], rule["detail-type"])
    check_request(
        "events", "PutPermission", {"EventBusName": policy["EventBusName"], "StatementId": policy["StatementId"]}
    )


def test_a_forwarded_approval_deploys_and_writes_no_second_card() -> None:
    forwarded = approval(REGISTRY)

    assert matches(rules()[("DeployModel", "Approval")]["Pattern"], forwarded)
    assert not matches(rules()[("WriteModelCard", "Approved")]["Pattern"], forwarded)


def test_the_command_line_of_a_consumer_looks_into_the_registrys_group() -> None:
    machine = f"arn:aws:states:us-east-1:{DEV}:stateMachine:sluice-dev-retrain"
    outputs = {"Stage": "dev", "BucketName": "b", "StateTableName": "t", "RetrainStateMachineArn": machine}
    group = Stack.from_outputs(outputs | {"RegistryAccountId": REGISTRY}).package_group("churn")

    assert group == group_arn(ARN)
    check_request("sagemaker", "ListModelPackages", {"ModelPackageGroupName": group})
    assert Stack.from_outputs(outputs).package_group("churn") == "sluice-dev-churn"


def test_what_the_document_tells_is_so() -> None:
    text = (Path(__file__).parents[2] / "docs" / "multi-account.md").read_text()
    (key_policy,) = [json.loads(fence) for fence in re.findall(r"```json\n(.*?)```", text, re.S)]
    named = set(re.findall(r"\b(\w+)=", text)) | set(re.findall(r"^\| `(\w+)`", text, re.M))

    assert set(key_policy["Action"]) == set(
        statement(properties("RegistryAccess", OF_A_CONSUMER)["PolicyDocument"], "UseTheRegistrysKey")["Action"]
    )
    assert named <= set(template()["Parameters"])
    assert (OF_THE_REGISTRY.keys() | OF_A_CONSUMER.keys()) - {"AWS::AccountId"} <= named


def test_a_consumers_function_looks_into_the_registrys_group_too() -> None:
    pages = [{"ModelPackageSummaryList": [{"ModelPackageArn": ARN, "ModelPackageVersion": 7}]}]
    asked: list[dict[str, Any]] = []

    class Client:
        meta = SimpleNamespace(partition="aws", region_name="us-east-1")

        def get_paginator(self, operation: str) -> "Client":
            return self

        def paginate(self, **request: Any) -> list[dict[str, Any]]:
            check_request("sagemaker", "ListModelPackages", request)
            asked.append(request)
            return pages

    for account in (REGISTRY, None):
        assert [package.arn for package in Registry(Client(), account).approved("sluice-dev-churn")] == [ARN]
    assert [request["ModelPackageGroupName"] for request in asked] == [group_arn(ARN), "sluice-dev-churn"]
    assert properties("DeployModel", OF_A_CONSUMER)["Environment"]["Variables"]["REGISTRY_ACCOUNT_ID"] == REGISTRY


def test_the_function_that_shares_is_told_with_whom_and_may() -> None:
    shares, alone = (properties("RegisterModel", given) for given in (OF_THE_REGISTRY, {}))

    def may(found: dict[str, Any]) -> bool:
        return "sagemaker:PutModelPackageGroupPolicy" in json.dumps(found["Policies"])

    assert shares["Environment"]["Variables"]["CONSUMER_ACCOUNT_IDS"] == f"{DEV},{PROD}"
    assert alone["Environment"]["Variables"]["CONSUMER_ACCOUNT_IDS"] == ""
    assert (may(shares), may(alone)) == (True, False)
