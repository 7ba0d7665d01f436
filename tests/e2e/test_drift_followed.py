"""What a check leaves is acted on by the stack as it is deployed: its rules, its roles, its metrics.

The reports are put by hand: what monitor.py finds in real traffic, test_watching.py sees.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sluice.naming import job_name, new_check_id
from tests.drift_reports import drift_document, violations_document
from tests.e2e.local_stage import write_churn
from tests.e2e.trained_model import Inbox, TrainedModel, churn_definition
from tests.waiting import eventually

pytestmark = pytest.mark.slow

LABELLED_ROWS = 400
WATCHED = {"enabled": True, "response": {"action": "retrain", "cooldown_hours": 0}}


def begun(model: TrainedModel, package_arn: str) -> str:
    """A check as RunMonitor writes it down; answers its id."""
    end = datetime.now(UTC).replace(microsecond=0)
    check_id = new_check_id(end, model.name, "the test")
    item = {
        "pk": f"MODEL#{model.name}",
        "sk": f"CHECK#{end.isoformat()}#{check_id}",
        "model": model.name,
        "check_id": check_id,
        "source": model.endpoint,
        "engine": "scheduled-job",
        "started_at": end.isoformat(),
        "window_start": (end - timedelta(hours=1)).isoformat(),
        "window_end": end.isoformat(),
        "check_status": "RUNNING",
        "version": "1",
        "package_arn": package_arn,
        "job_name": job_name("dev", model.name, check_id, "check"),
        "violations": "[]",
        "figures": "{}",
    }
    model.client("dynamodb").put_item(
        TableName=model.stage.outputs["StateTableName"], Item={name: {"S": value} for name, value in item.items()}
    )
    return check_id


def report(model: TrainedModel, check_id: str, *features: str) -> None:
    """What its job would leave; the violations last, though no rule of AWS's says so."""
    prefix = f"models/{model.name}/monitoring/reports/{model.endpoint}/{datetime.now(UTC):%Y/%m/%d/%H}/{check_id}/"
    rows = write_churn(model.folder / "labelled.csv", LABELLED_ROWS, seed=9).read_text().splitlines()
    labelled = [rows[0], *(f"captured-{row}" for row in rows[1:])]
    drift = drift_document(*features, check_id=check_id) | {"labelled_rows": LABELLED_ROWS}
    parts = {
        "labelled.csv": "\n".join(labelled) + "\n",
        "drift.html": "<p>drift</p>",
        "drift.json": json.dumps(drift),
        "constraint_violations.json": json.dumps(violations_document(*features)),
    }
    for name, body in parts.items():
        model.client("s3").put_object(Bucket=model.stage.bucket, Key=f"{prefix}{name}", Body=body.encode())


def deployed(model: TrainedModel, **sections: Any) -> str:
    run = model.train(monitoring=WATCHED, **sections)
    model.deploy(run["package_arn"])
    return str(run["package_arn"])


@pytest.mark.parametrize("mode", ["snapshot", "append"])
def test_drift_is_answered_by_a_version_that_knows_what_it_is_for(model: TrainedModel, inbox: Inbox, mode: str) -> None:
    check_id = begun(model, deployed(model, data={**churn_definition(model.name)["data"], "mode": mode}))

    report(model, check_id, "tenure")

    output = json.loads(model.ended(2)[-1]["output"])
    package = model.client("sagemaker").describe_model_package(ModelPackageName=output["package_arn"])
    metadata = package["CustomerMetadataProperties"]
    assert (metadata["retrained_for"], metadata["check_id"]) == ("drift", check_id)
    assert metadata["labelled_rows"] == str(LABELLED_ROWS)
    codec = f"s3://{model.stage.bucket}/models/{model.name}/runs/{output['run_id']}/codec/counts.json"
    assert json.loads(model.read(codec))["rows"] == 1500 + LABELLED_ROWS
    (told,) = model.await_actions("DRIFT_FOUND")
    assert told["details"]
    assert len(model.await_actions("RETRAIN_REQUESTED")) == 1
    assert any("drift found" in notice["Subject"] for notice in inbox.about(model.name))
    assert _violations(model) == 1


def _violations(model: TrainedModel) -> float:
    """As CloudWatch has them of this model."""
    now = datetime.now(UTC)

    def points() -> list[Any]:
        found: list[Any] = model.client("cloudwatch").get_metric_statistics(
            Namespace="Sluice",
            MetricName="constraint_violations",
            Dimensions=[{"Name": "Stage", "Value": "dev"}, {"Name": "Model", "Value": model.name}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=["Maximum"],
        )["Datapoints"]
        return found

    return max(float(point["Maximum"]) for point in eventually(points, "the metric of violations"))


def test_the_alarm_of_drift_and_the_dashboard_stand(model: TrainedModel) -> None:
    cloudwatch = model.client("cloudwatch")

    assert cloudwatch.describe_alarms(AlarmNames=["sluice-dev-drift"])["MetricAlarms"]
    body = json.loads(cloudwatch.get_dashboard(DashboardName="sluice-dev")["DashboardBody"])
    assert len(body["widgets"]) > 10
