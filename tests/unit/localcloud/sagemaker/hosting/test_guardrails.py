import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed, S3Object
from localcloud.sagemaker.hosting.guardrails import Capacity, Policy, batches, check_policy, read_policy, stages
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.rollout import ExecutionTime
from localcloud.sagemaker.hosting.variants import VariantSpec
from tests.unit.localcloud.sagemaker.hosting.deployment_configs import rolling, shifting, size

MODEL = ServedModel("m", "image", "xgboost", S3Object("b", "k"), {}, "role")


def spec(count=4, name="AllTraffic", **more):
    return VariantSpec(name, MODEL, 1.0, instance_count=count, **more)


@pytest.mark.parametrize(
    ("config", "counts", "shares"),
    [
        ({}, [1], [1.0]),
        (shifting("ALL_AT_ONCE"), [3], [1.0]),
        (shifting("CANARY", CanarySize=size(10)), [1], [0.1, 1.0]),
        (shifting("CANARY", CanarySize=size(1, "INSTANCE_COUNT")), [4], [0.25, 1.0]),
        (shifting("CANARY", CanarySize=size(1, "INSTANCE_COUNT")), [2, 6], [0.25, 1.0]),
        (shifting("LINEAR", LinearStepSize=size(50)), [2], [0.5, 1.0]),
        (shifting("LINEAR", LinearStepSize=size(30)), [10], [0.3, 0.6, 0.9, 1.0]),
        (shifting("LINEAR", LinearStepSize=size(10)), [1], [n / 10 for n in range(1, 11)]),
        (shifting("LINEAR", LinearStepSize=size(2, "INSTANCE_COUNT")), [5], [0.4, 0.8, 1.0]),
    ],
)
def test_traffic_shifts_in_steps_of_the_asked_size_and_ends_with_all_of_it(config, counts, shares):
    assert [stage.share for stage in stages(read_policy(config), counts)] == pytest.approx(shares)


def test_steps_wait_for_their_interval_and_the_last_for_the_termination():
    config = shifting("CANARY", 300, CanarySize=size(10), TerminationWaitInSeconds=120)
    waits = [(stage.kind, stage.wait_seconds, stage.wait_name) for stage in stages(read_policy(config), [1])]
    assert waits == [("canary", 300, "WaitIntervalInSeconds"), ("full", 120, "TerminationWaitInSeconds")]


@pytest.mark.parametrize(
    ("total", "capacity", "counts"),
    [
        (4, Capacity("CAPACITY_PERCENT", 50), [2, 4]),
        (5, Capacity("INSTANCE_COUNT", 2), [2, 4, 5]),
        (3, Capacity("CAPACITY_PERCENT", 5), [1, 2, 3]),
        (1, Capacity("CAPACITY_PERCENT", 50), [1]),
        (4, None, [4]),
        (0, None, [0]),
    ],
)
def test_rolling_batches_end_with_every_instance(total, capacity, counts):
    assert batches(total, capacity) == counts


@pytest.mark.parametrize(
    ("config", "new", "words"),
    [
        (shifting("CANARY"), spec(), "CanarySize is required for Type CANARY"),
        (shifting("LINEAR", CanarySize=size(10)), spec(), "CanarySize cannot be given with Type LINEAR"),
        (shifting("CANARY", CanarySize=size(51)), spec(), r"CanarySize is 51 %; it must be at most 50 %"),
        (shifting("CANARY", CanarySize=size(1, "INSTANCE_COUNT")), spec(1), r"CanarySize is 1 instance\(s\)"),
        (shifting("LINEAR", LinearStepSize=size(9)), spec(), r"LinearStepSize is 9 %; it must be 10 to 50 %"),
        (shifting("LINEAR", LinearStepSize=size(51)), spec(), "LinearStepSize is 51 %"),
        (shifting("LINEAR", LinearStepSize=size(1, "INSTANCE_COUNT")), spec(11), "LinearStepSize is 1 instance"),
        (rolling(size(4)), spec(), r"MaximumBatchSize is 4 %; it must be 5 to 50 %"),
        (rolling(size(3, "INSTANCE_COUNT")), spec(), "MaximumBatchSize is 3 instance"),
        (rolling(size(50), RollbackMaximumBatchSize=size(101)), spec(), "RollbackMaximumBatchSize is 101 %"),
        (rolling(size(50)) | shifting("ALL_AT_ONCE"), spec(), "both BlueGreenUpdatePolicy and RollingUpdatePolicy"),
        (shifting("CANARY", CanarySize=size(50)), spec(0, memory_mb=1024), "not supported for serverless"),
        (rolling(size(50)), spec(0, memory_mb=1024), "not supported for serverless"),
        (shifting("ALL_AT_ONCE", TerminationWaitInSeconds=1), spec(0, memory_mb=1024), "not supported for serverless"),
        (shifting("CANARY", CanarySize=size(50)), spec(name="B"), "must have the endpoint's variant names: AllTraffic"),
        (
            shifting("CANARY", 400, CanarySize=size(50), TerminationWaitInSeconds=200)
            | {"AutoRollbackConfiguration": {"Alarms": [{}]}},
            spec(),
            r"Alarms\[0\].AlarmName is required",
        ),
        (
            shifting("LINEAR", 200, LinearStepSize=size(25), MaximumExecutionTimeoutInSeconds=600),
            spec(),
            "MaximumExecutionTimeoutInSeconds is 600; it must be larger than the deployment's waits, which are 600 s",
        ),
    ],
)
def test_what_sagemaker_refuses_is_named(config, new, words):
    with pytest.raises(ApiError, match=words) as refusal:
        check_policy(read_policy(config), [spec()], [new])
    assert refusal.value.code == "ValidationException"


def test_a_rolling_deployment_has_one_variant():
    both = [spec(name="A"), spec(name="B")]
    with pytest.raises(ApiError, match="not supported for endpoints with several variants"):
        check_policy(read_policy(rolling(size(50))), both, both)


def test_a_plain_switch_may_change_the_variants_and_be_serverless():
    plain = read_policy(shifting("ALL_AT_ONCE"))
    assert plain == Policy()
    check_policy(plain, [spec()], [spec(0, "B", memory_mb=1024)])


def test_waits_count_in_aws_seconds_and_work_as_long_as_it_takes():
    now = [0.0]
    age = ExecutionTime(600, lambda: now[0])
    now[0] = 1.0
    age.add_wait(590, 1.0)
    age.check()
    now[0] = 11.5
    with pytest.raises(DeploymentFailed, match=r"within MaximumExecutionTimeoutInSeconds \(600 s\)"):
        age.check()
