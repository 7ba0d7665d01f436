"""A multi-model endpoint as boto3 meets it: each target with its own artifact, its own code and its own process."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from localcloud.sagemaker.hosting.multi_model import LOADED_PER_INSTANCE
from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.hosting import (
    BUCKET,
    ENVIRONMENT,
    INSTANCE,
    PLAIN_SCRIPT,
    SKLEARN,
    Hosting,
    alive,
    packed,
)


class Models:
    def __init__(self, cloud: Running) -> None:
        self.cloud, self.hosting = cloud, Hosting(cloud)
        self.name = f"several-{uuid.uuid4().hex[:6]}"
        self.prefix = f"s3://{BUCKET}/{self.name}/"
        container = {
            "Image": SKLEARN,
            "Mode": "MultiModel",
            "ModelDataUrl": self.prefix,
            "Environment": ENVIRONMENT | {"FROM_THE_MODEL": "yes"},
        }
        sagemaker = self.hosting.sagemaker
        sagemaker.create_model(ModelName=self.name, ExecutionRoleArn=self.hosting.role, PrimaryContainer=container)
        variant = {"VariantName": "AllTraffic", "ModelName": self.name, **INSTANCE}
        sagemaker.create_endpoint_config(EndpointConfigName=self.name, ProductionVariants=[variant])
        self.hosting.create(self.name)

    def put(self, target: str, script: str = PLAIN_SCRIPT) -> str:
        files = {"name": target.encode(), "code/inference.py": script.encode()}
        self.cloud.client("s3").put_object(Bucket=BUCKET, Key=f"{self.name}/{target}", Body=packed(files))
        return target

    def ask(self, target: str, body: str = "") -> dict[str, object]:
        answered: dict[str, object] = self.hosting.ask(self.name, body, TargetModel=target)
        return answered


@pytest.fixture(scope="module")
def models(cloud: Running) -> Iterator[Models]:
    made = Models(cloud)
    yield made
    made.hosting.delete(made.name)


def test_each_target_answers_with_its_own_artifact_and_code(models):
    other = PLAIN_SCRIPT.replace(
        '{"name": name,', '{"name": name, "code": "other", "env": os.environ["FROM_THE_MODEL"],'
    )
    first, second = models.put("first.tar.gz"), models.put("deep/second.tar.gz", other)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(models.ask, [first, second] * 20))
    assert {(answer["name"], answer.get("code"), answer.get("env")) for answer in answers} == {
        (first, None, None),
        (second, "other", "yes"),
    }
    assert len({answer["pid"] for answer in answers}) == 2


def test_a_target_that_is_not_there_is_refused_until_it_is(models):
    with pytest.raises(
        ClientError, match=r"Failed to download model data\(bucket: .*, key: .*late.tar.gz\)"
    ) as refusal:
        models.ask("late.tar.gz")
    assert refusal.value.response["Error"]["Code"] == "ValidationError"
    assert models.ask(models.put("late.tar.gz"))["name"] == "late.tar.gz"
    with pytest.raises(ClientError, match="below the model's ModelDataUrl"):
        models.ask("../first.tar.gz")


def test_a_target_that_crashes_comes_back_and_one_that_is_broken_says_why(models):
    target = models.put("fragile.tar.gz")
    before = models.ask(target)["pid"]
    with pytest.raises(ClientError, match="The container ended without a response"):
        models.ask(target, "die")
    assert models.ask(target)["pid"] != before
    with pytest.raises(ClientError, match="No module named 'no_such_module'") as refusal:
        models.ask(models.put("broken.tar.gz", "import no_such_module\n"))
    assert refusal.value.response["OriginalStatusCode"] == 500


def test_the_target_that_was_not_asked_for_the_longest_makes_room(models):
    targets = [models.put(f"many/{number}.tar.gz") for number in range(LOADED_PER_INSTANCE + 1)]
    pids = [int(str(models.ask(target)["pid"])) for target in targets]
    assert [alive(pid) for pid in pids] == [False] + [True] * LOADED_PER_INSTANCE
    assert models.ask(targets[0])["name"] == targets[0]
