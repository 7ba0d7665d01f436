import time

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed, S3Object
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.serverless_metrics import concurrency_metrics
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.variants import InstanceVariant, ServerlessVariant, VariantSpec
from tests.fakes.model_server import FakeServer
from tests.waiting import eventually

MODEL = ServedModel("m", "image", "xgboost", S3Object("b", "k"), {}, "role")


class Servers(list):
    def __call__(self, spec):
        self.append(FakeServer(lambda headers, body: Reply(200)))
        return self[-1]


def test_instances_are_asked_in_turn():
    servers = Servers()
    variant = InstanceVariant(VariantSpec("v", MODEL, 1.0, instance_count=3), servers)
    variant.start()
    for _ in range(6):
        variant.invoke({}, b"")
    assert [server.invocations for server in servers] == [2, 2, 2]


@pytest.mark.parametrize(
    ("error", "words"),
    [(ApiError("ValidationException", "Could not assume role"), "Could not assume role"), (OSError("full"), "full")],
)
def test_a_resize_that_breaks_leaves_the_instances_that_were_there(error, words):
    def broken():
        raise error

    class FirstOnly(Servers):
        def __call__(self, spec):
            server = super().__call__(spec)
            if len(self) > 1:
                server.prepare = broken
            return server

    servers = FirstOnly()
    variant = InstanceVariant(VariantSpec("v", MODEL, 1.0, instance_count=1), servers)
    variant.start()
    with pytest.raises(DeploymentFailed, match=words):
        variant.resize(3)
    assert variant.instance_count == 1
    assert [server.removed for server in servers] == [False, True, True]
    assert variant.invoke({}, b"").reply.status == 200


def test_a_variant_without_instances_is_not_available_and_comes_back():
    variant = InstanceVariant(VariantSpec("v", MODEL, 1.0, instance_count=1), Servers())
    variant.start()
    variant.resize(0)
    with pytest.raises(ApiError) as refusal:
        variant.invoke({}, b"")
    assert (refusal.value.code, refusal.value.status) == ("ServiceUnavailable", 503)
    variant.resize(1)
    assert variant.invoke({}, b"").reply.status == 200


def test_a_variant_that_is_closed_takes_no_new_instances():
    servers = Servers()
    variant = InstanceVariant(VariantSpec("v", MODEL, 1.0, instance_count=1), servers)
    variant.start()
    variant.close()
    with pytest.raises(DeploymentFailed, match="ended while its instances were starting"):
        variant.resize(2)
    assert all(server.removed for server in servers)


def test_a_serverless_container_goes_when_idle_and_the_next_request_pays_for_its_start():
    servers = Servers()
    variant = ServerlessVariant(VariantSpec("v", MODEL, 1.0, max_concurrency=2), servers, idle_seconds=0.1)
    variant.start()
    assert variant.invoke({}, b"").setup_seconds == 0.0

    eventually(lambda: not servers[0].running)
    assert variant.invoke({}, b"").setup_seconds > 0.0
    assert servers[0].starts == 2
    variant.close()


def test_requests_keep_a_serverless_container_alive():
    servers = Servers()
    variant = ServerlessVariant(VariantSpec("v", MODEL, 1.0, max_concurrency=2), servers, idle_seconds=1.0)
    variant.start()
    served, longest_gap = [time.monotonic()], 0.0
    while served[-1] - served[0] < 2.0:
        variant.invoke({}, b"")
        served.append(time.monotonic())
        longest_gap = max(longest_gap, served[-1] - served[-2])
        time.sleep(0.02)
    # On a machine that held this test up for longer, the container was right to go.
    assert servers[0].starts == 1 or longest_gap > 0.9
    variant.close()


def test_a_container_that_does_not_come_back_is_not_ready():
    servers = Servers()
    variant = ServerlessVariant(VariantSpec("v", MODEL, 1.0, max_concurrency=2), servers, idle_seconds=60)
    variant.start()
    servers[0].running, servers[0].failure = False, "no"
    with pytest.raises(ApiError) as refusal:
        variant.invoke({}, b"")
    assert (refusal.value.code, refusal.value.status) == ("ModelNotReadyException", 429)
    variant.close()


def test_provisioned_concurrency_keeps_a_serverless_container():
    servers = Servers()
    spec = VariantSpec("v", MODEL, 1.0, memory_mb=1024, max_concurrency=2, provisioned_concurrency=1)
    variant = ServerlessVariant(spec, servers, idle_seconds=0.05)
    variant.start()
    assert variant._timer is None
    servers[0].running = False
    assert variant.invoke({}, b"").setup_seconds > 0.0
    assert variant._timer is None
    variant.close()


def test_a_serverless_request_knows_how_many_there_are_beside_it():
    servers = Servers()
    spec = VariantSpec("v", MODEL, 1.0, memory_mb=1024, max_concurrency=4, provisioned_concurrency=1)
    variant = ServerlessVariant(spec, servers, idle_seconds=60)
    variant.start()
    inner = []

    def nested(headers, body):
        if not body:
            inner.append(variant.invoke({}, b"inner"))
        return Reply(200)

    servers[0].answer = nested
    assert (variant.invoke({}, b"").concurrent, inner[0].concurrent) == (1, 2)
    assert concurrency_metrics(spec, 1) == {
        "None": {"ServerlessConcurrentExecutionsUtilization": 0.25, "ServerlessProvisionedConcurrencyUtilization": 1.0},
        "Count": {
            "ServerlessProvisionedConcurrencyExecutions": 1.0,
            "ServerlessProvisionedConcurrencyInvocations": 1.0,
            "ServerlessProvisionedConcurrencySpilloverInvocations": 0.0,
        },
    }
    assert concurrency_metrics(spec, 2)["Count"]["ServerlessProvisionedConcurrencySpilloverInvocations"] == 1.0
    variant.close()
