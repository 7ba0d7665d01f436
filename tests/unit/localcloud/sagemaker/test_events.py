import json
from datetime import UTC, datetime

from localcloud.sagemaker.events import emit, event_detail
from tests.fakes.cloud import FakeCloud

ARN = "arn:aws:sagemaker:us-east-1:000000000000:training-job/one"


def test_a_detail_is_the_description_with_times_in_milliseconds():
    created = datetime(2026, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    detail = event_detail({"CreationTime": created, "Steps": [{"StartTime": created}], "FailureReason": None})
    assert json.loads(json.dumps(detail)) == {"CreationTime": 1767225601500, "Steps": [{"StartTime": 1767225601500}]}


def test_an_event_names_the_resource_and_carries_its_tags(tmp_path):
    cloud = FakeCloud(tmp_path)
    emit(cloud, "SageMaker Training Job State Change", ARN, {"TrainingJobStatus": "Completed"}, {"team": "a"})
    (event,) = cloud.events
    assert (event.source, event.detail_type) == ("aws.sagemaker", "SageMaker Training Job State Change")
    assert event.resources == [ARN]
    assert event.detail == {"TrainingJobStatus": "Completed", "Tags": {"team": "a"}}


def test_a_bus_that_fails_does_not_fail_the_resource(tmp_path):
    def broken(_event):
        raise RuntimeError("no bus")

    emit(FakeCloud(tmp_path, on_event=broken), "SageMaker Training Job State Change", ARN, {}, {})
