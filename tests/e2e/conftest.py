"""One local cloud with the whole template for all tests of this folder; each test has a model of its own."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud import daemon
from localcloud.deploy import deploy
from tests.e2e.artifacts import train_two
from tests.e2e.local_stage import ROOT, LocalStage
from tests.e2e.trained_model import Inbox, TrainedModel
from tests.e2e.versions import Artifact


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStage]:
    state_dir = tmp_path_factory.mktemp("cloud")
    with daemon.running(state_dir, analyzer=ROOT / "training_code") as server:
        deploy(ROOT / "template.yaml", stack_name="sluice-dev", endpoint_url=server.endpoint_url)
        yield LocalStage(
            state_dir,
            {
                "AWS_ENDPOINT_URL": server.endpoint_url,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": "us-east-1",
            },
        )


@pytest.fixture
def model(stack: LocalStage, request: pytest.FixtureRequest, tmp_path: Path) -> TrainedModel:
    """A model named after the test, so that tests do not meet."""
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]
    return TrainedModel(stack, f"m-{digest}", tmp_path)


@pytest.fixture(scope="session")
def artifacts(stack: LocalStage, tmp_path_factory: pytest.TempPathFactory) -> tuple[Artifact, Artifact]:
    return train_two(stack, tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="session")
def inbox(stack: LocalStage) -> Inbox:
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = stack.outputs["TopicArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return Inbox(sqs, url)
