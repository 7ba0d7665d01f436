"""Queues that functions read: batches as Lambda gathers them, second tries, dead letters, and the role behind it."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from localcloud.deploy import DeployError, deploy
from tests.integration.localcloud.conftest import Running
from tests.waiting import eventually

TAKE = {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource": "*"}


def mapped(cloud: Running, code: str, url_and_arn: tuple[str, str], **settings: Any) -> str:
    """A function of that code that reads the queue; its ARN."""
    function = cloud.function(code, cloud.role("lambda.amazonaws.com", TAKE))
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=url_and_arn[1],
        FunctionName=function,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        **settings,
    )
    return function


def send(cloud: Running, url: str, *bodies: str) -> None:
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(bodies[start : start + 10])]
        cloud.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)


def batches(folder: Path) -> list[list[str]]:
    """Those that are written down whole: a draft's name begins with a dot."""
    whole = (file for file in sorted(folder.iterdir()) if not file.name.startswith("."))
    return [json.loads(file.read_text()) for file in whole]


def noting(folder: Path, answer: str = "[]") -> str:
    """Writes down each batch's bodies; `answer` says which of `records` failed."""
    return f"""
        import json, time
        from pathlib import Path

        def handle(event, context):
            records = event["Records"]
            draft = Path({str(folder)!r}, f".{{time.time_ns()}}")
            draft.write_text(json.dumps([one["body"] for one in records]))
            draft.rename(draft.with_name(draft.name[1:]))
            return {{"batchItemFailures": {answer}}}
        """


def test_a_batch_is_what_comes_within_the_window(cloud: Running, tmp_path: Path) -> None:
    """A hundred messages: MiniStack alone would make ten batches of ten."""
    queue = cloud.queue()
    bodies = [str(number) for number in range(100)]
    send(cloud, queue[0], *bodies)

    mapped(cloud, noting(tmp_path), queue, BatchSize=1000, MaximumBatchingWindowInSeconds=100)

    eventually(lambda: batches(tmp_path), "a batch")
    assert [sorted(batch, key=int) for batch in batches(tmp_path)] == [bodies]


def test_a_full_batch_does_not_wait(cloud: Running, tmp_path: Path) -> None:
    """Nor has it more than its size; what is left waits for the window's end."""
    queue = cloud.queue()
    send(cloud, queue[0], *(str(number) for number in range(45)))

    mapped(cloud, noting(tmp_path), queue, BatchSize=20, MaximumBatchingWindowInSeconds=100)

    eventually(lambda: sum(map(len, batches(tmp_path))) == 45, "all of them")
    assert [len(batch) for batch in batches(tmp_path)] == [20, 20, 5]


def test_what_failed_comes_again_and_then_is_a_dead_letter(cloud: Running, tmp_path: Path) -> None:
    url, arn = cloud.queue()
    dead_url, dead_arn = cloud.queue()
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=url,
        Attributes={
            "VisibilityTimeout": "60",
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3}),
        },
    )
    failing = "[{'itemIdentifier': one['messageId']} for one in records if one['body'] == 'poison']"
    mapped(cloud, noting(tmp_path, failing), (url, arn), BatchSize=10)

    send(cloud, url, "fine", "poison")

    (dead,) = cloud.messages(dead_url, 1)
    assert dead["Body"] == "poison"
    seen = [body for batch in batches(tmp_path) for body in batch]
    assert (seen.count("fine"), seen.count("poison")) == (1, 3)


def test_what_a_dying_function_held_comes_again(cloud: Running, tmp_path: Path) -> None:
    url, arn = cloud.queue()
    cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    folder = tmp_path / "seen"
    folder.mkdir()
    dying = f"""
        import os
        from pathlib import Path

        def handle(event, context):
            if not Path({str(tmp_path / "died")!r}).exists():
                Path({str(tmp_path / "died")!r}).touch()
                os._exit(9)
            for record in event["Records"]:
                Path({str(folder)!r}, record["body"]).touch()
            return {{"batchItemFailures": []}}
        """
    mapped(cloud, dying, (url, arn), BatchSize=10)

    send(cloud, url, "one", "two")

    eventually(lambda: {file.name for file in folder.iterdir()} == {"one", "two"}, "both, after the death")


TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Queue: {Type: AWS::SQS::Queue}
      Read:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: read, Handler: handler.handle, Runtime: python3.13}
      Mapping:
        Type: AWS::Lambda::EventSourceMapping
        Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref Read}
"""


def test_a_role_that_may_not_take_messages_is_refused(cloud: Running, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "read").mkdir()
    (tmp_path / "read" / "handler.py").write_text("def handle(event, context): ...\n")

    with pytest.raises(DeployError, match="does not have permissions to call ReceiveMessage on SQS"):
        deploy(
            tmp_path / "template.yaml",
            stack_name=f"stack-{uuid.uuid4().hex[:8]}",
            endpoint_url=cloud.server.endpoint_url,
        )
