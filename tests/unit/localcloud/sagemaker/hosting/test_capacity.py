import threading
from collections import Counter

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.endpoint import DEPLOYMENT_EVENT
from localcloud.sagemaker.hosting.serving.wire import Reply
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances, serverless
from tests.waiting import eventually


def change(api, *changes, name="churn"):
    return api("UpdateEndpointWeightsAndCapacities", EndpointName=name, DesiredWeightsAndCapacities=list(changes))


def counts(api):
    return {
        variant["VariantName"]: (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"])
        for variant in api("DescribeEndpoint", EndpointName="churn")["ProductionVariants"]
    }


def test_traffic_follows_the_weights(api, endpoint):
    endpoint(instances(name="A"), instances(name="B"), instances(name="C"))
    answer = change(api, {"VariantName": "A", "DesiredWeight": 6}, {"VariantName": "B", "DesiredWeight": 3})
    assert answer["EndpointArn"].endswith("endpoint/churn")
    variants = api.settled()["ProductionVariants"]

    weights = [(each["VariantName"], each["CurrentWeight"], each["DesiredWeight"]) for each in variants]
    assert weights == [("A", 6.0, 6.0), ("B", 3.0, 3.0), ("C", 1.0, 1.0)]
    asked = Counter(api.invoke()["InvokedProductionVariant"] for _ in range(5000))
    assert [asked[name] / 5000 for name in "ABC"] == pytest.approx([0.6, 0.3, 0.1], abs=0.03)
    assert api.statuses() == ["CREATING", "IN_SERVICE", "UPDATING", "IN_SERVICE"]


def test_instances_are_started_and_ended(api, endpoint, servers):
    endpoint()
    change(api, {"VariantName": "AllTraffic", "DesiredInstanceCount": 3})
    api.settled()
    assert counts(api) == {"AllTraffic": (3, 3)}
    for _ in range(6):
        api.invoke()
    assert [server.invocations for server in servers.made] == [2, 2, 2]

    change(api, {"VariantName": "AllTraffic", "DesiredInstanceCount": 1})
    api.settled()
    assert counts(api) == {"AllTraffic": (1, 1)}
    assert [server.removed for server in servers.made] == [False, True, True]
    told = [
        status["StatusMessage"]
        for event in api.cloud.events
        if event.detail_type == DEPLOYMENT_EVENT and event.detail["EndpointStatus"] == "UPDATING"
        for status in event.detail["ProductionVariants"][0]["VariantStatus"]
    ]
    assert told == ["Scaling out desired instance count to 3.", "Scaling in desired instance count to 1."]


def test_current_and_desired_differ_while_an_instance_starts(api, endpoint, servers):
    endpoint()
    servers.gates["m1"] = threading.Event()
    change(api, {"VariantName": "AllTraffic", "DesiredInstanceCount": 2, "DesiredWeight": 5})
    eventually(lambda: len(servers.made) == 2 and servers.made[1].starts)
    assert counts(api) == {"AllTraffic": (1, 2)}
    (variant,) = api("DescribeEndpoint", EndpointName="churn")["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["DesiredWeight"]) == (1.0, 5.0)
    assert variant["VariantStatus"][0]["Status"] == "Updating"
    api.invoke()
    with pytest.raises(ApiError, match="Cannot update in-progress endpoint"):
        change(api, {"VariantName": "AllTraffic", "DesiredInstanceCount": 3})
    servers.gates["m1"].set()
    (variant,) = api.settled()["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (5.0, 2)
    assert "VariantStatus" not in variant


def test_an_instance_that_is_ended_answers_what_it_has_begun(api, endpoint, servers):
    begun, release = threading.Semaphore(0), threading.Event()

    def slowly(headers, body):
        if body == b"slow":
            begun.release()
            release.wait(60)
        return Reply(200, body)

    servers.answer = slowly
    endpoint(instances(InitialInstanceCount=2))
    answers = []
    asking = [threading.Thread(target=lambda: answers.append(api.invoke(Body=b"slow")["Body"])) for _ in range(2)]
    for thread in asking:
        thread.start()
        begun.acquire()
    change(api, {"VariantName": "AllTraffic", "DesiredInstanceCount": 1})
    eventually(lambda: counts(api) == {"AllTraffic": (1, 1)})
    assert api("DescribeEndpoint", EndpointName="churn")["EndpointStatus"] == "Updating"
    assert not any(server.removed for server in servers.made)
    release.set()
    for thread in asking:
        thread.join(60)
    api.settled()
    assert answers == [b"slow", b"slow"]
    assert [server.removed for server in servers.made] == [False, True]


def test_an_instance_that_does_not_come_up_takes_the_change_back(api, servers):
    api.model()
    api.model("m2")
    api.config("c1", instances(name="A", InitialInstanceCount=2), instances("m2", name="B"))
    api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1")
    api.settled()
    servers.failures["m2"] = "no capacity"
    change(
        api,
        {"VariantName": "A", "DesiredInstanceCount": 1, "DesiredWeight": 9},
        {"VariantName": "B", "DesiredInstanceCount": 3},
    )
    described = api.settled()
    assert described["FailureReason"] == "no capacity"
    assert api.statuses()[2:] == ["UPDATING", "ROLLING_BACK", "IN_SERVICE"]
    assert counts(api) == {"A": (2, 2), "B": (1, 1)}
    assert [each["CurrentWeight"] for each in described["ProductionVariants"]] == [1.0, 1.0]
    servers.failures.clear()
    change(api, {"VariantName": "B", "DesiredInstanceCount": 2})
    assert "FailureReason" not in api.settled()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([{"VariantName": "B", "DesiredWeight": 1}], 'could not find variant "B"'),
        ([{"VariantName": "AllTraffic"}, {"VariantName": "AllTraffic"}], '"AllTraffic" was non-unique'),
        ([{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}], "DesiredInstanceCount must be at least 1"),
        ([{"VariantName": "AllTraffic", "DesiredWeight": -1}], "greater than or equal to 0"),
        ([{"VariantName": "AllTraffic", "ServerlessUpdateConfig": {"MaxConcurrency": 2}}], "it is not serverless"),
        (
            [{"VariantName": "AllTraffic", "ServerlessUpdateConfig": {"ProvisionedConcurrency": 1}}],
            r"\[0\].ServerlessUpdateConfig.ProvisionedConcurrency is not implemented",
        ),
    ],
)
def test_what_a_variant_cannot_become_is_refused(api, endpoint, changes, words):
    endpoint()
    with pytest.raises(ApiError, match=words) as refusal:
        change(api, *changes)
    assert refusal.value.code == "ValidationException"
    assert api.settled()["EndpointStatus"] == "InService"


def test_a_serverless_variant_changes_its_concurrency_and_has_no_instances(api, endpoint):
    endpoint(serverless())
    change(api, {"VariantName": "AllTraffic", "ServerlessUpdateConfig": {"MaxConcurrency": 7}})
    (variant,) = api.settled()["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 7}
    with pytest.raises(ApiError, match="DesiredInstanceCount cannot be given for the serverless variant"):
        change(api, {"VariantName": "AllTraffic", "DesiredInstanceCount": 2})


def test_the_caller_needs_the_right_on_the_endpoint(api, endpoint):
    endpoint()
    api.cloud.denied = {"sagemaker:UpdateEndpointWeightsAndCapacities"}
    with pytest.raises(ApiError, match=r"on resource: arn:aws:sagemaker:us-east-1:000000000000:endpoint/churn"):
        change(api, {"VariantName": "AllTraffic", "DesiredWeight": 2})


def test_autoscaling_sets_and_reads_counts(api, endpoint):
    hosting = api.hosting
    assert hosting.instance_count("churn", "AllTraffic") is None
    endpoint()
    hosting.set_instance_count("churn", "AllTraffic", 2)
    api.settled()
    assert hosting.instance_count("churn", "AllTraffic") == 2
    assert hosting.instance_count("churn", "Other") is None
    with pytest.raises(ApiError, match="Could not find endpoint"):
        hosting.set_instance_count("other", "AllTraffic", 2)


def test_a_crash_while_it_serves_counts_as_a_5xx_and_is_followed_by_a_restart(api, endpoint, servers):
    def crash(headers, body):
        servers.made[0].running = False
        raise ConnectionResetError

    servers.answer = crash
    endpoint()
    with pytest.raises(ApiError, match="ended without a response"):
        api.invoke()
    servers.made[0].answer = lambda headers, body: Reply(200, b"back")
    assert api.invoke()["Body"] == b"back"
    assert servers.made[0].starts == 2
    api.hosting.close()
    errors = [metric.value for metric in api.cloud.metrics if metric.name == "Invocation5XXErrors"]
    assert sum(errors) == 1
