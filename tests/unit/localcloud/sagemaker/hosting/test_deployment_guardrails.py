"""UpdateEndpoint with a DeploymentConfig: each look at the alarms is a moment in which the test sees the traffic."""

import threading
from collections import Counter

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.endpoint import DEPLOYMENT_EVENT
from localcloud.sagemaker.hosting.serving.wire import Reply
from tests.unit.localcloud.sagemaker.hosting.deployment_configs import rolling, shifting, size
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances, serverless
from tests.waiting import eventually

REQUESTS = 1000
WATCHED = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}}
NEW = 0.03


def answering(name):
    return lambda headers, body: Reply(200, name.encode())


@pytest.fixture
def serving(api, endpoint, servers):
    """An endpoint that answers with the name of its model, and an alarm that is quiet."""

    def create(count=4, **more):
        servers.answers = {name: answering(name) for name in ("m1", "m2")} | servers.answers
        endpoint(instances(InitialInstanceCount=count, **more))
        api.alarms.states["errors"] = "OK"
        api.model("m2")
        api.config("c2", instances("m2", InitialInstanceCount=count, **more))

    return create


def update(api, config=None, to="c2", **more):
    if config is not None:
        more["DeploymentConfig"] = config
    api("UpdateEndpoint", EndpointName="churn", EndpointConfigName=to, **more)


def share(api, body=b"m2", count=REQUESTS):
    """The part of `count` requests that was answered with `body`; every request is answered."""
    return Counter(api.invoke()["Body"] for _ in range(count))[body] / count


def watching(api, servers):
    """What each look at the alarms sees: the new model's share of requests, and the servers that run by model."""
    seen = []

    def look(number):
        if number > 1:  # the first is UpdateEndpoint's own, which asks whether the alarms exist
            seen.append((share(api), running(servers)))

    api.alarms.on_look = look
    return seen


def running(servers):
    count = Counter(server.model for server in servers.made if server.running)
    return count["m1"], count["m2"]


@pytest.mark.parametrize(
    ("config", "shares"),
    [
        (shifting("ALL_AT_ONCE"), [1.0]),
        (shifting("CANARY", CanarySize=size(10)), [0.1, 1.0]),
        (shifting("CANARY", CanarySize=size(1, "INSTANCE_COUNT")), [0.25, 1.0]),
        (shifting("LINEAR", LinearStepSize=size(1, "INSTANCE_COUNT")), [0.25, 0.5, 0.75, 1.0]),
    ],
)
def test_the_new_fleet_gets_its_share_at_each_step_beside_the_whole_old_one(api, serving, servers, config, shares):
    serving()
    seen = watching(api, servers)
    update(api, config | WATCHED)
    described = api.settled()

    assert (described["EndpointConfigName"], described["EndpointStatus"]) == ("c2", "InService")
    assert [new for new, _ in seen] == pytest.approx(shares, abs=NEW)
    assert {count for _, count in seen} == {(4, 4)}
    assert api.statuses() == ["CREATING", "IN_SERVICE", "UPDATING", "IN_SERVICE"]
    eventually(lambda: running(servers) == (0, 4))
    assert share(api) == 1.0


def test_a_share_of_a_single_instance_is_a_share_of_requests(api, serving, servers):
    serving(1)
    seen = watching(api, servers)
    update(api, shifting("CANARY", CanarySize=size(20)) | WATCHED)
    api.settled()
    assert [new for new, _ in seen] == pytest.approx([0.2, 1.0], abs=NEW)


def test_a_rolling_deployment_replaces_instances_batch_by_batch(api, serving, servers):
    serving()
    seen = watching(api, servers)
    update(api, rolling(size(1, "INSTANCE_COUNT")) | WATCHED)
    described = api.settled()

    assert described["EndpointConfigName"] == "c2"
    assert [new for new, _ in seen] == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=NEW)
    assert [count for _, count in seen] == [(4, 1), (3, 2), (2, 3), (1, 4)]
    (variant,) = described["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (4, 4)
    eventually(lambda: running(servers) == (0, 4))


def test_a_rolling_deployment_to_another_size_shrinks_the_old_fleet_in_proportion(api, serving, servers):
    serving(2)
    api.config("c4", instances("m2", InitialInstanceCount=4))
    seen = watching(api, servers)
    update(api, rolling(size(25)) | WATCHED, to="c4")
    assert api.settled()["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    assert [count for _, count in seen] == [(2, 1), (2, 2), (1, 3), (1, 4)]


def both(model):
    return [instances(model, name="A", InitialVariantWeight=3), instances(model, name="B")]


def test_several_variants_shift_together(api, endpoint, servers):
    servers.answers = {name: answering(name) for name in ("m1", "m2")}
    endpoint(*both("m1"))
    api.model("m2")
    api.config("c2", *both("m2"))
    api.alarms.states["errors"] = "OK"
    seen = []

    def look(number):
        if number > 1:
            asked = [api.invoke() for _ in range(REQUESTS)]
            new = [one["InvokedProductionVariant"] for one in asked if one["Body"] == b"m2"]
            seen.append((len(new) / REQUESTS, new.count("A") / len(new)))

    api.alarms.on_look = look
    update(api, shifting("CANARY", CanarySize=size(50)) | WATCHED)
    assert api.settled()["EndpointConfigName"] == "c2"
    assert seen == [pytest.approx((0.5, 0.75), abs=0.05), pytest.approx((1.0, 0.75), abs=0.05)]


def alarm_at(api, look, servers):
    """The alarm goes off at that look; what the looks saw."""
    seen = watching(api, servers)
    watch = api.alarms.on_look

    def on_look(number):
        watch(number)
        if number == look:
            api.alarms.states["errors"] = "ALARM"

    api.alarms.on_look = on_look
    return seen


@pytest.mark.parametrize("look", [2, 3])
def test_an_alarm_takes_all_traffic_back_to_the_old_fleet(api, serving, servers, look):
    serving()
    alarm_at(api, look, servers)
    update(api, shifting("CANARY", 3600, CanarySize=size(10), TerminationWaitInSeconds=3600) | WATCHED)
    described = api.settled()

    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "c1")
    assert "errors of AutoRollbackConfiguration went into the ALARM state" in described["FailureReason"]
    assert "PendingDeploymentSummary" not in described
    assert api.statuses()[2:] == ["UPDATING", "ROLLING_BACK", "IN_SERVICE"]
    assert running(servers) == (4, 0)
    assert share(api) == 0.0


@pytest.mark.parametrize(
    ("rollback", "grows"), [({}, [4]), ({"RollbackMaximumBatchSize": size(1, "INSTANCE_COUNT")}, [3, 4])]
)
def test_a_rolling_deployment_rolls_back_to_as_many_instances_as_there_were(api, serving, servers, rollback, grows):
    serving()
    seen = alarm_at(api, 4, servers)
    update(api, rolling(size(1, "INSTANCE_COUNT"), **rollback) | WATCHED)
    described = api.settled()

    assert seen[-1] == (pytest.approx(0.75, abs=NEW), (2, 3))
    assert (described["EndpointConfigName"], described["ProductionVariants"][0]["CurrentInstanceCount"]) == ("c1", 4)
    told = [
        status["StatusMessage"]
        for event in api.cloud.events
        for variant in event.detail.get("ProductionVariants", [])
        for status in variant.get("VariantStatus", [])
        if status["Status"] == "Updating"
    ]
    assert told == [f"Launching {n} instance(s)." for n in ([2] if grows == [4] else [1, 1])]
    assert running(servers) == (4, 0)
    assert share(api) == 0.0


def test_a_way_back_that_fails_leaves_both_fleets_in_service(api, serving, servers):
    serving()
    alarm_at(api, 3, servers)
    servers.failures["m1"] = "the old artifact is gone"
    update(api, rolling(size(1, "INSTANCE_COUNT")) | WATCHED)

    def ended():
        described = api("DescribeEndpoint", EndpointName="churn")
        return described if described["EndpointStatus"] == "UpdateRollbackFailed" else None

    described = eventually(ended)
    assert "The way back failed as well: the old artifact is gone" in described["FailureReason"]
    assert 0.0 < share(api) < 1.0
    assert api.statuses()[-2:] == ["ROLLING_BACK", "UPDATE_ROLLBACK_FAILED"]
    with pytest.raises(ApiError, match="in status UpdateRollbackFailed"):
        update(api)
    api("DeleteEndpoint", EndpointName="churn")
    eventually(lambda: running(servers) == (0, 0))


def test_a_new_fleet_that_does_not_come_up_is_rolled_back(api, serving, servers):
    serving()
    servers.failures["m2"] = "did not pass the ping health check"
    update(api, shifting("CANARY", CanarySize=size(10)))
    described = api.settled()
    assert (described["EndpointConfigName"], described["FailureReason"]) == ("c1", "did not pass the ping health check")
    assert running(servers) == (4, 0)


@pytest.mark.parametrize("config", [shifting("CANARY", CanarySize=size(10)), rolling(size(25))])
def test_a_deployment_that_takes_too_long_is_rolled_back(api, serving, clock, config):
    serving()
    policy = next(iter(config.values())) | {"MaximumExecutionTimeoutInSeconds": 600}
    api.alarms.on_look = lambda number: setattr(clock, "now", 601.0 if number > 1 else 0.0)
    update(api, {next(iter(config)): policy} | WATCHED)
    described = api.settled()
    assert described["EndpointConfigName"] == "c1"
    assert "within MaximumExecutionTimeoutInSeconds (600 s)" in described["FailureReason"]
    assert share(api) == 0.0


def test_requests_under_way_are_answered_whatever_becomes_of_their_fleet(api, serving, servers):
    begun, release = threading.Semaphore(0), threading.Event()

    def slowly(headers, body):
        if body == b"slow":
            begun.release()
            release.wait(60)
        return Reply(200, b"m1")

    servers.answers["m1"] = slowly
    serving(1)
    answers = []
    request = threading.Thread(target=lambda: answers.append(api.invoke(Body=b"slow")["Body"]))
    request.start()
    begun.acquire()
    update(api, shifting("LINEAR", LinearStepSize=size(50)))
    assert api.settled()["EndpointConfigName"] == "c2"
    assert not servers.made[0].removed
    release.set()
    request.join(60)
    assert answers == [b"m1"]
    eventually(lambda: servers.made[0].removed)


def test_each_step_is_described_and_announced_as_aws_does(api, serving):
    serving()
    config = shifting("CANARY", 1, CanarySize=size(1, "INSTANCE_COUNT"), TerminationWaitInSeconds=2)
    update(api, config)
    api.settled()
    events = [event for event in api.cloud.events if event.detail_type == DEPLOYMENT_EVENT]
    told = []
    for event in events[1:]:  # the first is the creation's
        assert event.resources == [event.detail["EndpointArn"]]
        assert (event.detail["EndpointStatus"], event.detail["EndpointConfigName"]) == ("UPDATING", "c1")
        pending = event.detail["PendingDeploymentSummary"]
        assert pending["EndpointConfigName"] == "c2"
        (variant,) = pending["ProductionVariants"]
        assert (variant["DesiredInstanceCount"], variant["DesiredWeight"]) == (4, 1.0)
        (status,) = variant["VariantStatus"]
        assert isinstance(status["StartTime"], int)
        told.append((status["Status"], status["StatusMessage"], variant["CurrentInstanceCount"]))
    baking = "Baking for {} seconds ({}) with traffic enabled on {} capacity of {} instance(s)."
    assert told == [
        ("Creating", "Launching 4 instance(s).", 0),
        ("ActivatingTraffic", "Activating traffic on canary capacity of 1 instance(s).", 1),
        ("Baking", baking.format(1, "WaitIntervalInSeconds", "canary", 1), 1),
        ("ActivatingTraffic", "Activating traffic on full capacity of 4 instance(s).", 4),
        ("Baking", baking.format(2, "TerminationWaitInSeconds", "full", 4), 4),
    ]


def test_the_last_deployment_config_is_described_and_can_be_used_again(api, serving, servers):
    serving()
    config = shifting("CANARY", CanarySize=size(20)) | WATCHED
    update(api, config)
    assert api.settled()["LastDeploymentConfig"] == config
    seen = watching(api, servers)
    api.alarms.looks = 0
    update(api, to="c1", RetainDeploymentConfig=True)
    assert api.settled()["LastDeploymentConfig"] == config
    assert len(seen) == 2
    with pytest.raises(ApiError, match="Both DeploymentConfig and RetainDeploymentConfig"):
        update(api, config, RetainDeploymentConfig=True)
    update(api)
    assert "LastDeploymentConfig" not in api.settled()


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [([], (3, 2.0)), (["DesiredInstanceCount"], (4, 2.0)), (["DesiredWeight"], (3, 1.0))],
)
def test_live_counts_and_weights_can_be_retained(api, serving, excluded, expected):
    serving()
    change = {"VariantName": "AllTraffic", "DesiredInstanceCount": 3, "DesiredWeight": 2}
    api("UpdateEndpointWeightsAndCapacities", EndpointName="churn", DesiredWeightsAndCapacities=[change])
    api.settled()
    update(
        api,
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": name} for name in excluded],
    )
    (variant,) = api.settled()["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == expected
    update(api, to="c1")
    assert api.settled()["ProductionVariants"][0]["CurrentInstanceCount"] == 4


def test_an_alarm_must_exist(api, serving):
    serving()
    with pytest.raises(ApiError, match=r"Alarms: could not find latency; create the alarm"):
        update(api, {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}, {"AlarmName": "latency"}]}})
    assert api.settled()["EndpointStatus"] == "InService"


@pytest.mark.parametrize("who", ["denied", "denied_to_roles"])
def test_caller_and_execution_role_must_be_allowed_to_look_at_the_alarms(api, serving, who):
    serving()
    getattr(api.cloud, who).add("cloudwatch:DescribeAlarms")
    with pytest.raises(ApiError, match=r"cloudwatch:DescribeAlarms on resource: arn:aws:cloudwatch:.*:alarm:errors"):
        update(api, WATCHED)


def test_a_serverless_endpoint_takes_no_guardrails(api, endpoint):
    endpoint(serverless())
    api.alarms.states["errors"] = "OK"
    with pytest.raises(ApiError, match="not supported for serverless endpoints"):
        update(api, WATCHED, to="c1")
    update(api, shifting("ALL_AT_ONCE"), to="c1")
    assert api.settled()["EndpointStatus"] == "InService"
    assert not [event for event in api.cloud.events if event.detail_type == DEPLOYMENT_EVENT]


def test_closing_ends_a_bake_and_both_fleets(api, serving, servers):
    serving(1)
    update(api, shifting("CANARY", 3600, CanarySize=size(50)))
    eventually(lambda: api.cloud.events[-1].detail_type == DEPLOYMENT_EVENT and running(servers) == (1, 1))
    api.hosting.close()
    assert [server.removed for server in servers.made] == [True, True]
    assert "ROLLING_BACK" not in api.statuses()


def hang(api):
    arn = api("DescribeEndpoint", EndpointName="churn")["EndpointArn"]
    api("AddTags", ResourceArn=arn, Tags=[{"Key": "localcloud:next-update", "Value": "hang"}])
    update(api)
    assert api("DescribeEndpoint", EndpointName="churn")["EndpointStatus"] == "Updating"
    return arn


def test_an_update_can_be_made_to_hang_until_its_tag_is_removed(api, serving):
    serving(1)
    arn = hang(api)
    with pytest.raises(ApiError, match="Cannot update in-progress endpoint"):
        update(api)
    assert share(api, b"m1", 10) == 1.0
    api("DeleteTags", ResourceArn=arn, TagKeys=["localcloud:next-update"])
    assert api.settled()["EndpointConfigName"] == "c2"


def test_an_endpoint_whose_update_hangs_can_be_deleted(api, serving, servers):
    serving(1)
    hang(api)

    def deleted():
        # The tag is seen by the update's own thread: until then the endpoint is in progress.
        try:
            api("DeleteEndpoint", EndpointName="churn")
        except ApiError as error:
            return "Could not find" in error.message
        return False

    eventually(deleted)
    assert running(servers) == (0, 0)
