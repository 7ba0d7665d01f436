"""S3's events as they reach EventBridge."""

import json
import uuid

from tests.integration.localcloud.conftest import Running


def test_an_object_created_event_names_the_version_in_a_versioned_bucket(cloud: Running) -> None:
    """Without it, the same bytes uploaded again look like the same event delivered twice."""
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    s3, events = cloud.client("s3"), cloud.client("events")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    url, arn = cloud.queue(admits="events.amazonaws.com")
    rule = f"rule-{uuid.uuid4().hex[:8]}"
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])

    versions = {s3.put_object(Bucket=bucket, Key="a.csv", Body=b"same")["VersionId"] for _ in range(2)}

    announced = {
        json.loads(message["Body"])["detail"]["object"]["version-id"] for message in cloud.messages(url, count=2)
    }
    assert len(versions) == 2
    assert announced == versions
