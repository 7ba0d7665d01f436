import json
import threading

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.shadow import MAX_COPIES, share
from tests.unit.localcloud.sagemaker.hosting.fake_s3 import FakeBuckets
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances
from tests.waiting import eventually


@pytest.fixture
def shadowed(api, servers):
    """An endpoint with a shadow of model m2; its servers: production's, the shadow's."""

    def create(weight=1.0, answer=None, **more):
        api.model("m1")
        api.model("m2")
        shadow = instances("m2", "shadow", InitialVariantWeight=weight)
        api.config("c1", instances(), ShadowProductionVariants=[shadow], **more)
        api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1")
        described = api.settled()
        production, copy = servers.made
        if answer:
            copy.answer = answer
        return described, production, copy

    return create


def test_the_shadow_gets_a_copy_and_its_answer_is_never_returned(api, shadowed):
    seen = []

    def other(headers, body):
        seen.append((headers["x-amzn-sagemaker-inference-id"], body))
        return Reply(200, b"other")

    described, _, copy = shadowed(answer=other)
    assert [variant["VariantName"] for variant in described["ProductionVariants"]] == ["AllTraffic"]
    (shadow,) = described["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["CurrentInstanceCount"]) == ("shadow", 1)
    answered = [api.invoke(InferenceId=f"i-{number}") for number in range(20)]
    assert {(answer["Body"], answer["InvokedProductionVariant"]) for answer in answered} == {(b"1,2", "AllTraffic")}
    eventually(lambda: copy.invocations == 20)
    assert sorted(seen) == sorted((f"i-{number}", b"1,2") for number in range(20))


def test_nobody_can_ask_the_shadow(api, shadowed):
    shadowed()
    with pytest.raises(ApiError, match="Variant shadow not found"):
        api.invoke(TargetVariant="shadow")


@pytest.mark.parametrize(
    ("production", "shadow", "part"), [(1, 1, 1.0), (1, 0.5, 0.5), (2, 1, 0.5), (1, 0, 0.0), (1, 5, 1.0), (0, 1, 1.0)]
)
def test_the_share_follows_the_weights(production, shadow, part):
    assert share(production, shadow) == part


def test_about_that_share_is_copied(api, shadowed):
    _, production, copy = shadowed(weight=0.25)
    for _ in range(400):
        api.invoke()
    assert production.invocations == 400
    assert eventually(lambda: 60 < copy.invocations < 140)


def test_a_shadow_that_hangs_or_breaks_holds_nobody_up(api, shadowed, caplog):
    release = threading.Event()

    def slowly(headers, body):
        release.wait(60)
        raise TimeoutError

    _, production, copy = shadowed(answer=slowly)
    for _ in range(MAX_COPIES + 50):
        assert api.invoke()["Body"] == b"1,2"
    assert production.invocations == MAX_COPIES + 50
    assert "shadow variant shadow is too slow: copies are left out (1)" in caplog.text
    release.set()
    eventually(lambda: copy.invocations == MAX_COPIES)


def test_an_update_lets_the_copies_under_way_end(api, shadowed, servers):
    begun, release = threading.Event(), threading.Event()

    def slowly(headers, body):
        begun.set()
        release.wait(60)
        return Reply(200, b"")

    _, _, copy = shadowed(answer=slowly)
    api.invoke()
    begun.wait(60)
    api.config("c2", instances())
    api("UpdateEndpoint", EndpointName="churn", EndpointConfigName="c2")
    assert "ShadowProductionVariants" not in api.settled()
    assert not copy.removed
    release.set()
    eventually(lambda: copy.removed)


def test_a_shadow_that_does_not_come_up_fails_the_deployment(api, servers, shadowed):
    api.model("m1")
    api.model("m2")
    servers.failures["m2"] = "did not pass the ping health check"
    api.config("c1", instances(), ShadowProductionVariants=[instances("m2", "shadow")])
    api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1")
    assert api.settled()["FailureReason"] == "did not pass the ping health check"
    assert all(server.removed for server in servers.made)


def test_a_shadow_has_metrics_and_captured_requests_of_its_own(api, shadowed):
    buckets = api.cloud.clients["s3"] = FakeBuckets()
    capture = {
        "InitialSamplingPercentage": 50,
        "DestinationS3Uri": "s3://bucket/captured",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }
    _, _, copy = shadowed(answer=lambda headers, body: Reply(200, b"other"), DataCaptureConfig=capture)
    for _ in range(100):
        api.invoke()
    eventually(lambda: copy.invocations == 100)
    eventually(lambda: not api.hosting._shadows.under_way)
    api.hosting.close()

    events = {name: set() for name in ("AllTraffic", "shadow")}
    for key, body in buckets.below("captured/churn/").items():
        events[key.split("/")[2]] |= {json.loads(line)["eventMetadata"]["eventId"] for line in body.splitlines()}
    assert 20 < len(events["shadow"]) < 80
    assert events["shadow"] == events["AllTraffic"]
    names = {metric.name for metric in api.cloud.metrics if metric.dimensions["VariantName"] == "shadow"}
    assert names >= {"Invocations", "InvocationsPerInstance", "Invocation5XXErrors", "ModelLatency"}
    assert "OverheadLatency" not in names
