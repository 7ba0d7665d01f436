"""Jobs through their API, with an S3 and model servers that are none."""

import gzip
import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.api import JsonService
from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed, S3Object
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.tags import TagStore
from localcloud.sagemaker.transform.service import TransformJobs
from tests.fakes.cloud import FakeCloud
from tests.fakes.model_server import FakeServer
from tests.unit.localcloud.sagemaker.transform.test_plan import request

MODEL = ServedModel(
    "churn", "image", "xgboost", S3Object("models", "m.tar.gz"), {"A": "model", "B": "model"}, "arn:role/model"
)


@dataclass
class FakeS3:
    objects: dict[str, bytes] = field(default_factory=dict)
    unwritable: bool = False

    def get_paginator(self, operation: str) -> "FakeS3":
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        held = [{"Key": key, "Size": len(body)} for key, body in sorted(self.objects.items()) if key.startswith(Prefix)]
        return [{"Contents": held}]

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Bucket: str, Key: str, Body: Any, **settings: Any) -> None:
        if self.unwritable:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
        self.objects[Key] = Body.read()


@dataclass
class FakeLogs:
    told: list[str] = field(default_factory=list)

    class exceptions:
        class ResourceAlreadyExistsException(Exception): ...

    def create_log_group(self, **names: str) -> None: ...

    def create_log_stream(self, **names: str) -> None: ...

    def put_log_events(self, logEvents: list[dict[str, Any]], **names: str) -> None:
        self.told += [event["message"] for event in logEvents]


def doubled(headers: Mapping[str, str], body: bytes) -> Reply:
    return Reply(200, b"\n".join(line + line for line in body.split(b"\n")))


class Stage:
    def __init__(self, directory: Path) -> None:
        self.cloud = FakeCloud(directory, time_scale=0.0001)
        self.s3, self.logs = FakeS3(), FakeLogs()
        self.cloud.clients = {"s3": self.s3, "logs": self.logs}
        self.servers: list[FakeServer] = []
        self.models: list[ServedModel] = []
        self.answer: Callable[[Mapping[str, str], bytes], Reply] = doubled
        self.failure = ""
        self.jobs = TransformJobs(self.cloud, TagStore(self.cloud), self.find, self.make)
        self._service = JsonService("sagemaker", self.jobs.operations(), lambda _: self.cloud.caller)

    def find(self, name: str) -> ServedModel:
        if name != MODEL.name:
            raise ApiError("ValidationException", f'Could not find model "{name}".')
        return MODEL

    def make(self, model: ServedModel, place: object) -> FakeServer:
        self.models.append(model)
        self.servers.append(FakeServer(lambda headers, body: self.answer(headers, body), self.failure))
        return self.servers[-1]

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        return self._service.call(operation, members, self.cloud.caller)

    def run(self, **changes: Any) -> dict[str, Any]:
        self("CreateTransformJob", **request(**changes))
        return self.jobs.wait("score", 30)

    def output(self) -> dict[str, bytes]:
        return {key: body for key, body in self.s3.objects.items() if key.endswith(".out")}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_every_object_gets_its_out(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n2\n3\n", "in/deep/b.csv": b"4\n", "other/c.csv": b"5\n"}

    ended = stage.run()

    assert ended["TransformJobStatus"] == "Completed"
    assert stage.output() == {"out/a.csv.out": b"11\n22\n33\n", "out/deep/b.csv.out": b"44\n"}
    assert ended["TransformEndTime"] >= ended["TransformStartTime"]
    assert [event.detail["TransformJobStatus"] for event in stage.cloud.events][-1] == "Completed"
    assert {event.detail_type for event in stage.cloud.events} == {"SageMaker Transform Job State Change"}
    assert all(server.removed for server in stage.servers)


def test_the_answers_keep_the_inputs_order_however_many_are_asked_at_once(stage: Stage) -> None:
    rows = b"".join(b"%d\n" % number for number in range(50))
    stage.s3.objects = {"in/a.csv": rows}
    first_may_end = threading.Event()

    def answer(headers: Mapping[str, str], body: bytes) -> Reply:
        if body == b"0":
            first_may_end.wait(10)
        else:
            first_may_end.set()
        return Reply(200, body)

    stage.answer = answer
    stage.run(BatchStrategy="SingleRecord", MaxConcurrentTransforms=4)

    assert stage.output()["out/a.csv.out"] == rows
    assert stage.servers[0].invocations == 50


def test_assembled_with_nothing_answers_touch_each_other(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n2\n"}

    stage.run(BatchStrategy="SingleRecord", target={"AssembleWith": "None"})

    assert stage.output()["out/a.csv.out"] == b"1122"


def test_join_and_filters(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"id1,2\nid2,3\n"}

    stage.run(DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"})

    assert stage.output()["out/a.csv.out"] == b"id1,22\nid2,33\n"


def test_gzip_is_unpacked(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv.gz": gzip.compress(b"1\n")}
    assert stage.run(source={"CompressionType": "Gzip"})["TransformJobStatus"] == "Completed"
    assert stage.output() == {"out/a.csv.gz.out": b"11\n"}


def test_what_is_no_gzip_fails_by_name(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n"}

    ended = stage.run(source={"CompressionType": "Gzip"})

    assert ended["FailureReason"].startswith("ClientError: data/in/a.csv: it is not gzip")


def test_a_refusal_fails_the_job_and_the_other_objects_are_still_written(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"bad\n", "in/b.csv": b"1\n"}
    stage.answer = lambda headers, body: Reply(400, b"row 1: no") if body == b"bad" else doubled(headers, body)

    ended = stage.run()

    assert (ended["TransformJobStatus"], ended["FailureReason"]) == (
        "Failed",
        "ClientError: See job logs for more information",
    )
    assert stage.output() == {"out/b.csv.out": b"11\n"}
    assert any("data/in/a.csv: ClientError: 400" in line for line in stage.logs.told)
    assert any("data/in/a.csv: row 1: no" in line for line in stage.logs.told)
    # A refusal is not asked again.
    assert sum(server.invocations for server in stage.servers) == 2


def test_a_server_error_is_asked_again_as_often_as_the_job_says(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n"}
    stage.answer = lambda headers, body: Reply(500, b"oops")

    ended = stage.run(ModelClientConfig={"InvocationsMaxRetries": 2})

    assert ended["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert stage.servers[0].invocations == 3


def test_a_server_error_that_passes_is_no_failure(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n"}
    replies = iter([Reply(503, b""), Reply(200, b"ok")])
    stage.answer = lambda headers, body: next(replies)

    assert stage.run()["TransformJobStatus"] == "Completed"
    assert stage.output() == {"out/a.csv.out": b"ok\n"}


def test_a_join_with_too_few_answers_completes_nothing(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"id,a\n1,2\n"}
    stage.answer = lambda headers, body: Reply(200, b"0.5")

    ended = stage.run(DataProcessing={"JoinSource": "Input"})

    assert ended["TransformJobStatus"] == "Failed"
    assert "answered 1 records to the 2" in ended["FailureReason"]
    assert stage.output() == {}


def test_instances_share_the_objects_and_the_jobs_environment_wins(stage: Stage) -> None:
    stage.s3.objects = {f"in/{number}.csv": b"1\n" for number in range(2)}
    both = threading.Barrier(2)

    def answer(headers: Mapping[str, str], body: bytes) -> Reply:
        both.wait(10)
        return Reply(200, body)

    stage.answer = answer
    ended = stage.run(Environment={"B": "job"})

    assert ended["TransformJobStatus"] == "Completed"
    assert [server.invocations for server in stage.servers] == [1, 1]
    assert stage.models[0].environment == {"A": "model", "B": "job"}


def test_no_more_instances_than_objects_are_started(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n"}

    stage.run()

    assert len(stage.servers) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"objects": {}}, 'No S3 objects found under S3 URL "s3://data/in/"'),
        ({"unwritable": True}, "Failed to upload s3://data/out/a.csv.out: AccessDenied: no"),
    ],
)
def test_what_s3_refuses_fails_the_job(stage: Stage, change: dict[str, Any], said: str) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n"}
    for name, value in change.items():
        setattr(stage.s3, name, value)

    ended = stage.run()

    assert ended["TransformJobStatus"] == "Failed"
    assert said in ended["FailureReason"]


def test_a_container_that_does_not_come_up_fails_the_job(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n"}
    stage.failure = "did not pass. The container's last line: ImportError: no"

    ended = stage.run()

    assert ended["FailureReason"].startswith("AlgorithmError: Model container failed to respond to ping")
    assert ended["FailureReason"].endswith("ImportError: no")


def test_a_stopped_job_asks_no_more(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n2\n3\n"}
    asked, go_on = threading.Event(), threading.Event()

    def answer(headers: Mapping[str, str], body: bytes) -> Reply:
        asked.set()
        go_on.wait(10)
        return Reply(200, body)

    stage.answer = answer
    stage("CreateTransformJob", **request(BatchStrategy="SingleRecord"))
    assert asked.wait(10)
    stage("StopTransformJob", TransformJobName="score")
    go_on.set()

    assert stage.jobs.wait("score", 30)["TransformJobStatus"] == "Stopped"
    assert stage.output() == {}
    assert stage.servers[0].invocations == 1
    with pytest.raises(ApiError, match="in status Stopped"):
        stage("StopTransformJob", TransformJobName="score")


def test_jobs_are_described_and_listed(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n"}
    stage.run(Tags=[{"Key": "a", "Value": "b"}])

    described = stage("DescribeTransformJob", TransformJobName="score")
    [listed] = stage("ListTransformJobs", StatusEquals="Completed")["TransformJobSummaries"]

    assert described["TransformJobArn"] == listed["TransformJobArn"]
    assert described["TransformInput"]["SplitType"] == "Line"
    assert "Tags" not in described
    with pytest.raises(ApiError, match="Could not find requested job with name: other"):
        stage("DescribeTransformJob", TransformJobName="other")
    with pytest.raises(ApiError, match="must be unique"):
        stage("CreateTransformJob", **request())


def test_a_multi_model_model_is_refused(stage: Stage) -> None:
    stage.jobs._model = lambda name: replace(MODEL, multi_model=True)

    with pytest.raises(ApiError, match="does not support multi-model"):
        stage("CreateTransformJob", **request())


def test_a_job_without_its_model_or_the_right_is_refused(stage: Stage) -> None:
    with pytest.raises(ApiError, match="Could not find model"):
        stage("CreateTransformJob", **request(ModelName="gone"))
    stage.cloud.denied.add("sagemaker:CreateTransformJob")
    with pytest.raises(ApiError, match="not authorized"):
        stage("CreateTransformJob", **request())


def test_a_model_that_cannot_be_fetched_fails_the_job(stage: Stage) -> None:
    stage.s3.objects = {"in/a.csv": b"1\n"}

    class Unfetched(FakeServer):
        def prepare(self) -> None:
            raise DeploymentFailed("Failed to download model data")

    stage.jobs._make_server = lambda model, place: Unfetched(doubled)

    assert stage.run()["FailureReason"] == "ClientError: Failed to download model data"


@pytest.mark.parametrize("split", ["Line", "None"])
def test_more_than_a_request_may_hold_fails_the_job(stage: Stage, split: str) -> None:
    stage.s3.objects = {"in/a.csv": b"1" * (1024 * 1024 + 1)}

    ended = stage.run(MaxPayloadInMB=1, source={"SplitType": split})

    assert ended["TransformJobStatus"] == "Failed"
    assert "more than the 1048576 bytes that MaxPayloadInMB allows" in ended["FailureReason"]
    assert stage.servers[0].invocations == 0
