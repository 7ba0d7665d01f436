import re
import threading

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.serving.wire import Reply
from tests.unit.localcloud.sagemaker.hosting.fake_s3 import FakeBuckets, FakeTopics
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances, serverless
from tests.waiting import eventually

TOPIC = "arn:aws:sns:us-east-1:000000000000:"
CONFIG = {
    "OutputConfig": {
        "S3OutputPath": "s3://bucket/answers/",
        "S3FailurePath": "s3://bucket/failures",
        "NotificationConfig": {"SuccessTopic": f"{TOPIC}done", "ErrorTopic": f"{TOPIC}failed"},
    },
    "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
}


@pytest.fixture
def buckets(api):
    api.cloud.clients["s3"] = FakeBuckets({("bucket", f"in/{n}"): f"{n}".encode() for n in range(100)})
    return api.cloud.clients["s3"]


@pytest.fixture
def topics(api):
    api.cloud.clients["sns"] = FakeTopics()
    return api.cloud.clients["sns"]


@pytest.fixture
def serve(api, buckets, topics):
    def create(config=CONFIG, **variant):
        api.model()
        api.config("c1", instances(**variant), AsyncInferenceConfig=config)
        api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1")
        return api.settled()

    return create


def ask(api, number=0, **more):
    request = {"EndpointName": "churn", "InputLocation": f"s3://bucket/in/{number}", "ContentType": "text/csv"} | more
    return api.runtime.call("InvokeEndpointAsync", request, api.cloud.caller)


def key_of(url):
    return url.removeprefix("s3://bucket/")


def told(topics, topic):
    return topics.messages.get(f"{TOPIC}{topic}", [])


def test_an_answer_lies_where_it_was_said_to_and_is_told(api, serve, buckets, topics, servers):
    servers.answer = lambda headers, body: Reply(200, b"got " + body, {"content-type": "text/csv"})
    assert serve()["AsyncInferenceConfig"] == CONFIG
    answered = ask(api, 7, InferenceId="i-7", Accept="text/csv", CustomAttributes="t=1")
    assert re.fullmatch(r"s3://bucket/answers/[0-9a-f-]{36}\.out", answered["OutputLocation"])
    assert re.fullmatch(r"s3://bucket/failures/[0-9a-f-]{36}-error\.out", answered["FailureLocation"])
    (message,) = eventually(lambda: told(topics, "done"))

    assert buckets.below(key_of(answered["OutputLocation"])) == {key_of(answered["OutputLocation"]): b"got 7"}
    times = {name: message.pop(name) for name in ("eventTime", "receivedTime")}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at) for at in times.values())
    assert message == {
        "awsRegion": "us-east-1",
        "invocationStatus": "Completed",
        "requestParameters": {
            "accept": "text/csv",
            "contentType": "text/csv",
            "customAttributes": "t=1",
            "endpointName": "churn",
            "inputLocation": "s3://bucket/in/7",
        },
        "responseParameters": {"contentType": "text/csv", "outputLocation": answered["OutputLocation"]},
        "inferenceId": "i-7",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    assert told(topics, "failed") == []


def test_a_small_input_may_come_with_the_request(api, serve, buckets, topics):
    serve()
    request = {"EndpointName": "churn", "Body": b"1,2"}
    answered = api.runtime.call("InvokeEndpointAsync", request, api.cloud.caller)
    (message,) = eventually(lambda: told(topics, "done"))
    assert message["inferenceId"] == answered["InferenceId"]
    assert buckets.objects["bucket", key_of(answered["OutputLocation"])] == b"1,2"


def test_a_models_error_lies_in_the_failure_path(api, serve, buckets, topics, servers):
    servers.answer = lambda headers, body: Reply(400, b"row 3: what?")
    serve()
    answered = ask(api)
    (message,) = eventually(lambda: told(topics, "failed"))
    assert message["invocationStatus"] == "Failed"
    assert message["failureReason"] == (
        "ClientError: Received client error (400) from model. See the SageMaker Endpoint logs in your account for more "
        "information."
    )
    assert message["responseParameters"] == {"failureLocation": answered["FailureLocation"]}
    assert buckets.objects["bucket", key_of(answered["FailureLocation"])] == b"row 3: what?"
    assert buckets.below("answers/") == {}


@pytest.mark.parametrize(
    ("number", "denied", "words"),
    [
        ("none", "", "Failed to download request from s3://bucket/in/none. NoSuchKey: not there"),
        (1, "answers/", "Failed to upload response to s3://bucket/answers/.*. AccessDenied: no"),
    ],
)
def test_what_s3_refuses_is_a_failure_with_its_reason(api, serve, buckets, topics, number, denied, words):
    buckets.denied = [denied] if denied else []
    serve()
    answered = ask(api, number)
    (message,) = eventually(lambda: told(topics, "failed"))
    assert re.search(words, message["failureReason"])
    assert re.search(words, buckets.objects["bucket", key_of(answered["FailureLocation"])].decode())


def test_a_notification_that_is_refused_takes_no_answer_away(api, serve, buckets, topics, caplog):
    topics.broken = True
    serve()
    answered = ask(api)
    eventually(lambda: buckets.below(key_of(answered["OutputLocation"])))
    eventually(lambda: "was not told" in caplog.text)


def test_the_model_gets_no_more_at_once_than_it_may(api, serve, topics, servers):
    working, most, lock, release = set(), [], threading.Lock(), threading.Event()

    def slowly(headers, body):
        with lock:
            working.add(body)
            most.append(len(working))
        release.wait(60)
        with lock:
            working.discard(body)
        return Reply(200, body)

    servers.answer = slowly
    serve(InitialInstanceCount=2)
    for number in range(12):
        ask(api, number)
    eventually(lambda: len(working) == 4)
    assert api.hosting._queues.backlog(api.hosting._endpoints.get("churn")) == 12
    release.set()
    eventually(lambda: len(told(topics, "done")) == 12)
    assert max(most) <= 4
    assert {message["requestParameters"]["inputLocation"] for message in told(topics, "done")} == {
        f"s3://bucket/in/{number}" for number in range(12)
    }


def test_requests_outlive_an_update(api, serve, topics, servers):
    serve()
    servers.gates["m2"] = threading.Event()
    api.model("m2")
    api.config("c2", instances("m2"), AsyncInferenceConfig=CONFIG)
    for number in range(10):
        ask(api, number)
    api("UpdateEndpoint", EndpointName="churn", EndpointConfigName="c2")
    for number in range(10, 20):
        ask(api, number)
    servers.gates["m2"].set()
    api.settled()
    for number in range(20, 30):
        ask(api, number)
    eventually(lambda: len(told(topics, "done")) == 30)
    assert told(topics, "failed") == []


def scale(api, count):
    api.hosting.set_instance_count("churn", "AllTraffic", count)
    eventually(lambda: api("DescribeEndpoint", EndpointName="churn")["EndpointStatus"] == "InService")
    assert api.hosting.instance_count("churn", "AllTraffic") == count


def test_with_no_instance_requests_wait_and_the_metrics_say_so(api, serve, topics):
    serve()
    scale(api, 0)
    for number in range(3):
        ask(api, number)

    def measured(name):
        return [metric.value for metric in api.cloud.metrics if metric.name == name][-1:]

    eventually(lambda: measured("HasBacklogWithoutCapacity") == [1.0], seconds=20)
    assert measured("ApproximateBacklogSize") == measured("ApproximateBacklogSizePerInstance") == [3.0]
    assert measured("ApproximateAgeOfOldestRequest")[0] > 0
    assert told(topics, "done") == []
    scale(api, 1)
    eventually(lambda: len(told(topics, "done")) == 3)
    eventually(lambda: measured("ApproximateBacklogSize") == measured("HasBacklogWithoutCapacity") == [0.0])
    (backlog, *_) = [metric for metric in api.cloud.metrics if metric.name == "ApproximateBacklogSize"]
    assert (backlog.namespace, backlog.unit, backlog.dimensions) == (
        "AWS/SageMaker",
        "Count",
        {"EndpointName": "churn"},
    )


def test_a_request_whose_instance_ends_is_asked_again_and_at_last_fails(api, serve, topics, servers):
    left = [2]

    def end(headers, body):
        left[0] -= 1
        if body == b"1" or left[0] >= 0:
            raise ConnectionError
        return Reply(200, body)

    servers.answer = end
    serve()
    ask(api, 0)
    eventually(lambda: told(topics, "done"))
    ask(api, 1)
    (message,) = eventually(lambda: told(topics, "failed"))
    assert message["failureReason"].startswith("ClientError: Received server error (0) from model.")
    assert servers.made[0].invocations == 6


def test_a_model_that_is_too_slow_is_not_asked_again(api, serve, topics, servers):
    def hang(headers, body):
        raise TimeoutError

    servers.answer = hang
    serve()
    ask(api, InvocationTimeoutSeconds=1)
    eventually(lambda: told(topics, "failed"))
    assert servers.made[0].invocations == 1


def test_a_request_that_waits_too_long_expires(api, serve, topics):
    serve()
    scale(api, 0)
    ask(api, RequestTTLSeconds=60)
    (message,) = eventually(lambda: told(topics, "failed"))
    assert message["invocationStatus"] == "Expired"
    assert "RequestTTLSeconds" in message["failureReason"]


def test_the_metrics_of_asynchronous_endpoints_and_no_others(api, serve, topics):
    serve()
    ask(api)
    eventually(lambda: told(topics, "done"))
    endpoint = api.hosting._endpoints.get("churn")
    eventually(lambda: not api.hosting._queues.backlog(endpoint))
    api.hosting.close()
    names = {metric.name for metric in api.cloud.metrics if "VariantName" in metric.dimensions}
    assert names == {
        "Invocation4XXErrors",
        "Invocation5XXErrors",
        "InvocationModelErrors",
        "ModelLatency",
        "InvocationsProcessed",
        "RequestDownloadLatency",
        "ResponseUploadLatency",
        "TimeInBacklog",
        "TotalProcessingTime",
    }


def test_a_deleted_endpoint_takes_its_queue_along(api, serve, topics):
    serve()
    scale(api, 0)
    ask(api)
    api("DeleteEndpoint", EndpointName="churn")
    eventually(lambda: not api.hosting._queues._queues)
    with pytest.raises(ApiError, match="Endpoint churn of account 000000000000 not found"):
        ask(api)


def test_the_caller_must_be_allowed_to_ask(api, serve):
    serve()
    api.cloud.denied = {"sagemaker:InvokeEndpointAsync"}
    with pytest.raises(ApiError, match=r"sagemaker:InvokeEndpointAsync on resource: arn:.*:endpoint/churn"):
        ask(api)


@pytest.mark.parametrize(
    ("request_members", "words"),
    [
        ({"InputLocation": "https://bucket/x"}, "InputLocation is 'https"),
        ({"Body": b"1"}, "Exactly one of Body and InputLocation"),
        ({"Filename": "x.out"}, "Filename is not implemented"),
        ({"S3OutputPathExtension": "x"}, "S3OutputPathExtension is not implemented"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(api, serve, request_members, words):
    serve()
    with pytest.raises(ApiError, match=words) as refusal:
        ask(api, **request_members)
    assert refusal.value.code == "ValidationError"


def test_each_kind_of_endpoint_names_the_operation_it_takes(api, serve, endpoint):
    serve()
    with pytest.raises(ApiError, match="Endpoint churn serves asynchronous inference only: call InvokeEndpointAsync"):
        api.invoke()
    api.config("c2", serverless())
    api("CreateEndpoint", EndpointName="other", EndpointConfigName="c2")
    api.settled("other")
    with pytest.raises(ApiError, match=r"Endpoint other has no AsyncInferenceConfig .* call InvokeEndpoint"):
        ask(api, EndpointName="other")
