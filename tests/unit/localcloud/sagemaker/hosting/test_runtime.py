import threading

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.serving.wire import Reply
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances, serverless


def weighted(name, weight):
    return instances(name=name, InitialVariantWeight=weight)


def test_body_and_headers_reach_the_container_and_come_back(api, endpoint, servers):
    seen = {}

    def answer(headers, body):
        seen.update(headers, body=body)
        return Reply(
            200, b"0.5", {"content-type": "text/csv; charset=utf-8", "x-amzn-sagemaker-custom-attributes": "t=1"}
        )

    servers.answer = answer
    endpoint()
    answered = api.invoke(ContentType="text/csv", Accept="text/csv", CustomAttributes="t=0", InferenceId="id-1")
    assert answered == {
        "Body": b"0.5",
        "ContentType": "text/csv; charset=utf-8",
        "InvokedProductionVariant": "AllTraffic",
        "CustomAttributes": "t=1",
    }
    assert seen == {
        "Content-Type": "text/csv",
        "Accept": "text/csv",
        "x-amzn-sagemaker-custom-attributes": "t=0",
        "x-amzn-sagemaker-inference-id": "id-1",
        "body": b"1,2",
    }


def test_an_unknown_endpoint_is_not_found(api):
    with pytest.raises(ApiError, match=r"^ValidationError: Endpoint churn of account 000000000000 not found.$"):
        api.invoke()


def test_an_endpoint_that_is_being_created_is_not_found_either(api, servers):
    servers.gates["m1"] = threading.Event()
    api.model()
    api.config("c1", serverless())
    api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1")
    with pytest.raises(ApiError, match="not found"):
        api.invoke()
    servers.gates["m1"].set()
    api.settled()


def test_the_caller_must_be_allowed_to_invoke_this_endpoint(api, endpoint):
    endpoint()
    api.cloud.denied = {"sagemaker:InvokeEndpoint"}
    with pytest.raises(ApiError, match=r"sagemaker:InvokeEndpoint on resource: arn:.*:endpoint/churn"):
        api.invoke()


@pytest.mark.parametrize(("status", "side"), [(400, "client"), (415, "client"), (500, "server"), (503, "server")])
def test_a_models_error_is_a_model_error_with_the_original(api, endpoint, servers, status, side):
    servers.answer = lambda headers, body: Reply(status, b"row 3: what?")
    endpoint()
    with pytest.raises(ApiError) as refusal:
        api.invoke()
    error = refusal.value
    assert (error.code, error.status) == ("ModelError", 424)
    assert error.message.startswith(
        f'Received {side} error ({status}) from primary with message "row 3: what?". See https://'
    )
    assert error.fields["OriginalStatusCode"] == status
    assert error.fields["OriginalMessage"] == "row 3: what?"
    assert (
        error.fields["LogStreamArn"] == "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/churn"
    )


def test_a_container_that_does_not_answer_in_time_is_a_model_error_too(api, endpoint, servers):
    def hang(headers, body):
        raise TimeoutError

    servers.answer = hang
    endpoint()
    with pytest.raises(ApiError, match=r"server error \(0\) from primary with message .Your invocation timed out"):
        api.invoke()


def test_a_crashed_instance_is_started_again_by_the_next_request(api, endpoint, servers):
    endpoint()
    servers.made[0].running = False
    assert api.invoke()["Body"] == b"1,2"
    assert servers.made[0].starts == 2


def test_a_serverless_body_has_its_own_limit(api, endpoint):
    endpoint(serverless())
    with pytest.raises(ApiError, match="a serverless endpoint takes at most 4194304"):
        api.invoke(Body=b"x" * (4 * 1024 * 1024 + 1))


def test_more_requests_than_max_concurrency_are_throttled(api, endpoint, servers):
    begun, release = threading.Event(), threading.Event()

    def slowly(headers, body):
        begun.set()
        release.wait(60)
        return Reply(200, b"")

    servers.answer = slowly
    endpoint(serverless(MaxConcurrency=1))
    request = threading.Thread(target=api.invoke)
    request.start()
    begun.wait(60)
    with pytest.raises(ApiError, match="MaxConcurrency") as refusal:
        api.invoke()
    assert refusal.value.code == "ThrottlingException"
    release.set()
    request.join(10)
    api.invoke()


def test_a_variant_can_be_asked_for_by_name(api, endpoint):
    endpoint(weighted("a", 1.0), weighted("b", 0.0))
    assert api.invoke(TargetVariant="b")["InvokedProductionVariant"] == "b"
    with pytest.raises(ApiError, match="Variant c not found"):
        api.invoke(TargetVariant="c")


def test_traffic_follows_the_weights(api, endpoint):
    endpoint(weighted("a", 3.0), weighted("b", 1.0), weighted("off", 0.0))
    hits = [api.invoke()["InvokedProductionVariant"] for _ in range(400)]
    assert 250 < hits.count("a") < 350
    assert hits.count("off") == 0


@pytest.mark.parametrize("member", ["TargetContainerHostname", "InferenceComponentName", "SessionId"])
def test_what_would_be_ignored_is_refused(api, endpoint, member):
    endpoint()
    with pytest.raises(ApiError, match=f"{member} is not implemented by the local cloud"):
        api.invoke(**{member: "x"})


def test_metrics_are_counted_by_variant(api, endpoint, servers):
    endpoint()
    api.invoke()
    servers.made[0].answer = lambda headers, body: Reply(400)
    with pytest.raises(ApiError):
        api.invoke()
    api.hosting.close()

    sums = {}
    for metric in api.cloud.metrics:
        assert metric.namespace == "AWS/SageMaker"
        assert metric.dimensions == {"EndpointName": "churn", "VariantName": "AllTraffic"}
        sums[metric.name] = sums.get(metric.name, 0) + metric.value
    assert (sums["Invocations"], sums["Invocation4XXErrors"], sums["Invocation5XXErrors"]) == (2, 1, 0)
    assert sums["ModelLatency"] > 0
    assert sums["OverheadLatency"] > 0


def test_the_average_of_errors_is_the_share_of_requests_and_an_instance_counts_its_part(api, endpoint, servers):
    endpoint(instances(InitialInstanceCount=4))
    servers.answer = lambda headers, body: Reply(200)
    for status in (200, 200, 200, 0, 400):
        for server in servers.made:
            server.answer = lambda headers, body, status=status: Reply(status)
        if status == 200:
            api.invoke()
        else:
            with pytest.raises(ApiError):
                api.invoke()
    api.hosting.close()
    values = {}
    for metric in api.cloud.metrics:
        values.setdefault(metric.name, []).append(metric.value)
    assert values["Invocation4XXErrors"] == [0, 0, 0, 0, 1]
    assert values["Invocation5XXErrors"] == [0, 0, 0, 1, 0]
    assert values["InvocationModelErrors"] == [0, 0, 0, 1, 1]
    assert sum(values["InvocationsPerInstance"]) == pytest.approx(5 / 4)


def test_serverless_endpoints_have_no_metrics_per_instance(api, endpoint):
    described = endpoint(serverless(ProvisionedConcurrency=2))
    assert described["ProductionVariants"][0]["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 2
    api.invoke()
    api.hosting.close()
    names = {metric.name for metric in api.cloud.metrics}
    assert "ServerlessProvisionedConcurrencyUtilization" in names
    assert "InvocationsPerInstance" not in names
