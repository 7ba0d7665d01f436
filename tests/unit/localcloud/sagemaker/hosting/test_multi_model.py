import threading
import time

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.artifacts import ArtifactMissing, S3Object
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.multi_model import MultiModelVariant
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.variants import VariantSpec
from tests.fakes.model_server import FakeServer
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances
from tests.waiting import eventually


class Server(FakeServer):
    """Answers with its artifact's key; what is in `absent` cannot be fetched, what is in `broken` does not start."""

    def __init__(self, key, absent, broken):
        super().__init__(lambda headers, body: Reply(200, key.encode()), broken.get(key, ""))
        self.key, self.absent = key, absent

    def prepare(self):
        if self.key in self.absent:
            raise ArtifactMissing(self.key)


class Servers(list):
    def __init__(self):
        super().__init__()
        self.absent, self.broken, self.gates = set(), {}, {}

    def __call__(self, spec):
        key = spec.model.artifact.key
        self.append(Server(key, self.absent, self.broken))
        self[-1].gate = self.gates.get(key)
        return self[-1]

    def running(self):
        return sorted(server.key for server in self if server.running)


@pytest.fixture
def made():
    return Servers()


@pytest.fixture
def variant(made):
    opened = []

    def make(count=1, limit=2, cached=True):
        prefix = S3Object("bucket", "models/")
        model = ServedModel("m", "image", "xgboost", prefix, {}, "role", multi_model=True, cached=cached)
        opened.append(MultiModelVariant(VariantSpec("v", model, 1.0, instance_count=count), made, limit=limit))
        opened[-1].start()
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    assert made.running() == []


def ask(variant, target):
    invocation, loading = variant.invoke_target(target, {}, b"")
    return invocation.reply, loading


def test_each_target_is_loaded_once_with_its_own_artifact(variant, made):
    one = variant()
    assert made == []
    reply, loading = ask(one, "a.tar.gz")
    assert (reply.body, loading.cache_hit, loading.loaded) == (b"models/a.tar.gz", False, [1])
    assert set(loading.seconds) == {"ModelDownloadingTime", "ModelLoadingTime", "ModelLoadingWaitTime"}
    assert ask(one, "deep/b.tar.gz")[0].body == b"models/deep/b.tar.gz"
    reply, loading = ask(one, "a.tar.gz")
    assert (reply.body, loading.cache_hit, loading.seconds) == (b"models/a.tar.gz", True, {})
    assert len(made) == 2


def test_the_model_that_was_not_asked_for_the_longest_goes(variant, made):
    one = variant()
    for target in ("a", "b", "a"):
        ask(one, target)
    _, loading = ask(one, "c")
    assert loading.seconds["ModelUnloadingTime"] > 0
    assert loading.loaded == [2]
    assert made.running() == ["models/a", "models/c"]
    assert ask(one, "b")[1].cache_hit is False


def test_without_a_cache_a_model_goes_with_its_request(variant, made):
    one = variant(cached=False)
    assert ask(one, "a")[1].loaded == [0]
    assert made.running() == []
    assert ask(one, "a")[1].cache_hit is False


def test_a_model_in_use_is_not_unloaded(variant, made):
    one, begun, release = variant(limit=1), threading.Event(), threading.Event()
    ask(one, "a")

    def slowly(headers, body):
        begun.set()
        release.wait(60)
        return Reply(200, b"late")

    made[0].answer = slowly
    answers = []
    request = threading.Thread(target=lambda: answers.append(ask(one, "a")[0].body))
    request.start()
    begun.wait(60)
    ask(one, "b")
    assert "models/a" in made.running()
    release.set()
    request.join(20)
    assert answers == [b"late"]
    ask(one, "b")
    assert made.running() == ["models/b"]


def test_requests_that_come_while_it_loads_wait_for_the_same_process(variant, made):
    one, gate = variant(), threading.Event()
    made.gates["models/a"] = gate
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(one, "a"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    eventually(lambda: made and made[0].starts)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert [reply.body for reply, _ in answers] == [b"models/a"] * 5
    assert len(made) == 1


def test_an_artifact_that_is_missing_is_said_so_and_may_come_later(variant, made):
    one = variant()
    made.absent.add("models/a")
    with pytest.raises(ApiError) as refusal:
        ask(one, "a")
    assert refusal.value.code == "ValidationError"
    assert refusal.value.message == (
        "Failed to download model data(bucket: bucket, key: models/a). Please ensure that there is an object located "
        "at the URL and that the role passed to CreateModel has permissions to download the model."
    )
    assert one._shelves[0]._models == {}
    made.absent.clear()
    assert ask(one, "a")[0].body == b"models/a"


def test_a_model_that_does_not_load_answers_500_and_is_tried_again(variant, made):
    one = variant()
    made.broken["models/a"] = "no module named x"
    reply, loading = ask(one, "a")
    assert (reply.status, reply.body) == (500, b"no module named x")
    assert loading.loaded == [0]
    made.broken.clear()
    assert ask(one, "a")[0].status == 200


@pytest.mark.parametrize("target", ["../other.tar.gz", "a/../../b", "/a", "a//b", ".", "a/"])
def test_a_target_lies_below_the_prefix(variant, made, target):
    with pytest.raises(ApiError, match="below the model's ModelDataUrl"):
        ask(variant(), target)
    assert made == []


def test_models_are_spread_over_the_instances_and_move_when_there_are_more(variant, made):
    one = variant(count=2, limit=20)
    targets = [f"{number}.tar.gz" for number in range(20)]
    for target in targets:
        ask(one, target)
    loaded = ask(one, targets[0])[1].loaded
    assert sum(loaded) == 20
    assert min(loaded) > 0
    one.resize(1)
    assert one.instance_count == 1
    assert len(made.running()) == loaded[0]
    for target in targets:
        assert ask(one, target)[0].status == 200
    one.resize(3)
    for target in targets:
        assert ask(one, target)[0].status == 200
    assert sum(ask(one, targets[0])[1].loaded) == len(made.running()) == 20


def test_closing_does_not_wait_for_a_model_that_is_loading(variant, made):
    one, gate = variant(), threading.Event()
    made.gates["models/a"] = gate
    answers = []
    request = threading.Thread(target=lambda: answers.append(ask(one, "a")[0]))
    request.start()
    eventually(lambda: made and made[0].starts)
    aborted = []
    made[0].abort = lambda: (aborted.append(time.monotonic()), setattr(made[0], "failure", "killed"), gate.set())
    one.close()
    request.join(20)
    assert aborted
    assert answers[0].status == 500
    with pytest.raises(ApiError, match="being taken away"):
        ask(one, "b")


def test_the_runtime_asks_for_a_target_and_measures_it(api):
    api.model(Mode="MultiModel", ModelDataUrl="s3://bucket/models/")
    api.config("c1", instances())
    api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1")
    api.settled()
    with pytest.raises(ApiError, match="is a multi-model endpoint and requires the target model header"):
        api.invoke()
    for _ in range(3):
        assert api.invoke(TargetModel="a.tar.gz")["Body"] == b"1,2"
    api.hosting.close()
    found = {}
    for metric in api.cloud.metrics:
        found.setdefault((metric.namespace, metric.name), []).append(metric.value)
    assert found["AWS/SageMaker", "ModelCacheHit"] == [0.0, 1.0, 1.0]
    assert len(found["AWS/SageMaker", "ModelLoadingTime"]) == len(found["AWS/SageMaker", "ModelDownloadingTime"]) == 1
    assert found["/aws/sagemaker/Endpoints", "LoadedModelCount"] == [1.0, 1.0, 1.0]


def test_a_target_on_another_endpoint_is_refused_in_sagemakers_words(api, endpoint):
    endpoint()
    with pytest.raises(
        ApiError, match=r"^ValidationError: Endpoint churn is not a multi-model endpoint and does not support target"
    ):
        api.invoke(TargetModel="a.tar.gz")
