"""WriteCaptures on moto's S3: what a batch becomes, and what stays on the queue."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.write_captures.request import MessageBatch, QueuedMessage, batch_answer
from functions.write_captures.write_captures import WriteCaptures
from sluice.inference.capture import Capture, Payload, capture_record
from tests.events import load_event
from tests.fakes.aws_clients import client_error
from tests.unit.functions.conftest import BUCKET, StageUnderTest

AT = datetime(2026, 11, 21, 10, 15, 20, tzinfo=UTC)
ROOT = "captures/churn/sluice-dev-churn"


def message(name: str, at: datetime = AT, variant: str = "AllTraffic") -> QueuedMessage:
    payload = Payload("application/json", b"{}")
    record = capture_record(payload, payload, f"event-{name}", f"inference-{name}", at)
    capture = Capture(model="churn", endpoint_name="sluice-dev-churn", variant=variant, record=record)
    return QueuedMessage(messageId=name, body=capture.to_message())


def ids(stage: StageUnderTest, key: str) -> list[str]:
    lines = stage.objects.read(key).decode().splitlines()
    return [json.loads(line)["eventMetadata"]["inferenceId"] for line in lines]


@dataclass
class PickyS3:
    """S3 that takes no key with `refused` in it."""

    s3: Any
    refused: str
    asked: list[str] = field(default_factory=list)

    def put_object(self, **request: Any) -> Any:
        self.asked.append(request["Key"])
        if self.refused in request["Key"]:
            raise client_error("SlowDown", "Please reduce your request rate", "PutObject")
        return self.s3.put_object(**request)


def test_the_canonical_batch_becomes_one_object(stage: StageUnderTest) -> None:
    batch = MessageBatch.model_validate(load_event("capture_batch"))

    assert WriteCaptures(stage.objects).handle(batch.messages) == []

    (key,) = stage.keys()
    assert key.startswith(f"{ROOT}/AllTraffic/2026/11/21/10/15-20-")
    assert key.endswith(".jsonl")
    sent = json.loads(load_event("capture_batch")["Records"][0]["body"])["record"]
    assert json.loads(stage.objects.read(key)) == sent
    assert stage.s3.head_object(Bucket=BUCKET, Key=key)["ContentType"] == "application/jsonlines"


def test_each_variant_and_hour_has_its_object(stage: StageUnderTest) -> None:
    batch = [message("a"), message("b", variant="v7"), message("c", AT + timedelta(hours=1)), message("d")]

    assert WriteCaptures(stage.objects).handle(batch) == []

    written = stage.keys()
    assert {key.rpartition("/")[0]: ids(stage, key) for key in written} == {
        f"{ROOT}/AllTraffic/2026/11/21/10": ["inference-a", "inference-d"],
        f"{ROOT}/AllTraffic/2026/11/21/11": ["inference-c"],
        f"{ROOT}/v7/2026/11/21/10": ["inference-b"],
    }


def test_a_batch_that_comes_again_writes_nothing_new(stage: StageUnderTest) -> None:
    batch = [message("a"), message("b")]
    write = WriteCaptures(stage.objects)

    write.handle(batch)
    before = stage.keys()
    write.handle(batch[::-1])

    assert stage.keys() == before
    assert len(before) == 1


def test_a_message_that_is_no_record_stays_and_holds_nobody_up(stage: StageUnderTest) -> None:
    poison = [
        QueuedMessage(messageId="no-json", body="{"),
        QueuedMessage(messageId="no-capture", body="{}"),
        QueuedMessage(
            messageId="elsewhere",
            body=json.dumps({**json.loads(message("x").body), "endpoint_name": "../../raw"}),
        ),
    ]

    failed = WriteCaptures(stage.objects).handle([poison[0], message("good"), *poison[1:]])

    assert failed == ["no-json", "no-capture", "elsewhere"]
    (key,) = stage.keys()
    assert ids(stage, key) == ["inference-good"]


def test_what_s3_does_not_take_stays_and_the_rest_is_written(stage: StageUnderTest) -> None:
    picky = PickyS3(stage.s3, "/v7/")
    write = WriteCaptures(replace(stage.objects, client=picky))

    failed = write.handle([message("a"), message("b", variant="v7"), message("c", variant="v7")])

    assert failed == ["b", "c"]
    assert len(picky.asked) == 2
    (key,) = stage.keys()
    assert ids(stage, key) == ["inference-a"]


def test_two_messages_of_one_record_are_one_line(stage: StageUnderTest) -> None:
    """SQS delivers at least once, and one batch may hold both."""
    twice = [message("a"), QueuedMessage(messageId="again", body=message("a").body)]

    assert WriteCaptures(stage.objects).handle(twice) == []

    (key,) = stage.keys()
    assert ids(stage, key) == ["inference-a"]


def test_the_answer_names_what_stays() -> None:
    assert batch_answer(["a"]) == {"batchItemFailures": [{"itemIdentifier": "a"}]}
    assert batch_answer([]) == {"batchItemFailures": []}
