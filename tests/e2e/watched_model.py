"""A model in production whose traffic is checked: requests as callers send them, captures by hand, labels, verdicts."""

import csv
import io
import json
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from tests.e2e.signed_api import SignedApi
from tests.e2e.trained_model import TrainedModel
from tests.waiting import eventually

Row = dict[str, str]
WATCHED = {"enabled": True, "min_records": 100, "model_quality": {"min_labels": 50}}
ROWS_A_REQUEST = 5


def customers(rows: int, seed: int, tenure: tuple[int, int] = (0, 72)) -> list[Row]:
    """As `write_churn` makes them, with `churned`; another range of tenure is drift."""
    source = random.Random(seed)
    made = []
    for _ in range(rows):
        months, monthly = source.randint(*tenure), round(source.uniform(20, 120), 2)
        leaves = source.random() < 0.8 - months / 90 + (monthly - 70) / 250
        row = {"tenure": str(months), "plan": source.choice(("basic", "plus")), "monthly": str(monthly)}
        made.append({**row, "churned": "Yes" if leaves else "No"})
    return made


def records(rows: Sequence[Row]) -> list[dict[str, str]]:
    return [{name: value for name, value in row.items() if name != "churned"} for row in rows]


@dataclass
class WatchedModel:
    model: TrainedModel
    sent: list[tuple[str, Sequence[Row]]] = field(default_factory=list)
    """(inference id, rows), of every request so far."""

    @property
    def stage(self) -> Any:
        return self.model.stage

    def ask(self, rows: Sequence[Row], a_request: int = ROWS_A_REQUEST) -> None:
        """A serverless endpoint through the inference API, which keeps what is asked; else the endpoint itself."""
        alias = self.model.alias()
        assert alias is not None
        send = self._through_the_api if alias["mode"] == "serverless" else self._to_the_endpoint
        for first in range(0, len(rows), a_request):
            part = rows[first : first + a_request]
            inference_id = uuid.uuid4().hex[:16]
            send(inference_id, part)
            self.sent.append((inference_id, part))

    def _through_the_api(self, inference_id: str, rows: Sequence[Row]) -> None:
        api = SignedApi(self.stage.outputs["InferenceApiUrl"])
        answer = api.predict(self.model.name, records(rows), inference_id=inference_id)
        assert answer.status == 200, answer.body

    def _to_the_endpoint(self, inference_id: str, rows: Sequence[Row]) -> None:
        self.model.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.model.endpoint,
            ContentType="application/json",
            InferenceId=inference_id,
            Body=json.dumps(records(rows)),
        )

    def await_captures(self) -> None:
        def all_there() -> bool:
            captured = b"".join(self._object(key) for key in self.model.captures())
            return all(inference_id.encode() in captured for inference_id, _ in self.sent)

        eventually(all_there, f"{len(self.sent)} captured requests")

    def capture(self, rows: Sequence[Row], at: datetime, hour: datetime | None = None) -> str:
        """A capture file as SageMaker writes it; nobody is asked. hour: of its folder, if not that of `at`."""
        return self.put_captures([_captured(row, at) for row in rows], hour or at)

    def put_captures(self, lines: Sequence[str], hour: datetime) -> str:
        key = f"captures/{self.model.name}/{self.model.endpoint}/AllTraffic/{hour:%Y/%m/%d/%H}/{uuid.uuid4()}.jsonl"
        self._put(key, "".join(f"{line}\n" for line in lines))
        return key

    def label(self, truth: Callable[[Row], str] = lambda row: row["churned"]) -> None:
        """What really happened to everybody who was asked about."""
        lines = [
            json.dumps(
                {
                    "groundTruthData": {"data": _csv([[truth(row)] for row in rows]), "encoding": "CSV"},
                    "eventMetadata": {"eventId": inference_id},
                    "eventVersion": "0",
                }
            )
            for inference_id, rows in self.sent
        ]
        key = f"models/{self.model.name}/ground-truth/{datetime.now(UTC):%Y/%m/%d/%H}/{uuid.uuid4()}.jsonl"
        self._put(key, "".join(f"{line}\n" for line in lines))

    def check(self) -> dict[str, Any]:
        """The check that is asked for now, once it has ended."""
        before = {one["check_id"] for one in self.checks()}
        self.model.ask_for("Check Requested", now=True)
        found = self.await_check(lambda one: one["check_id"] not in before)
        assert found["check_status"] == "ENDED", found["summary"]
        return found

    def await_check(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 120) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            return next((one for one in self.checks() if wanted(one) and one["check_status"] != "RUNNING"), None)

        return eventually(look, "a check that has ended", seconds)

    def checks(self) -> list[dict[str, Any]]:
        """The newest first, batches behind the others, as the state table has them."""
        items = chain.from_iterable(map(self._items, ("CHECK#", "BATCH_CHECK#")))
        return [{key: next(iter(value.values())) for key, value in item.items()} for item in items]

    def _items(self, prefix: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.model.client("dynamodb").query(
            TableName=self.stage.outputs["StateTableName"],
            KeyConditionExpression="pk = :pk AND begins_with(sk, :check)",
            ExpressionAttributeValues={":pk": {"S": f"MODEL#{self.model.name}"}, ":check": {"S": prefix}},
            ConsistentRead=True,
            ScanIndexForward=False,
        )["Items"]
        return found

    def findings(self, check: Mapping[str, Any]) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._object(f"{check['report_prefix']}drift.json"))
        return document

    def report(self, check: Mapping[str, Any], name: str) -> bytes:
        return self._object(f"{check['report_prefix']}{name}")

    def schedule(self) -> dict[str, Any] | None:
        """The model's EventBridge schedule."""
        scheduler = self.model.client("scheduler")
        try:
            found: dict[str, Any] = scheduler.get_schedule(
                Name=f"sluice-dev-{self.model.name}-monitor", GroupName="sluice-dev"
            )
        except scheduler.exceptions.ResourceNotFoundException:
            return None
        return found

    def monitoring_schedules(self) -> list[dict[str, Any]]:
        """Model Monitor's."""
        found: list[dict[str, Any]] = self.model.client("sagemaker").list_monitoring_schedules(
            NameContains=f"sluice-dev-{self.model.name}-"
        )["MonitoringScheduleSummaries"]
        return found

    def _object(self, key: str) -> bytes:
        return self.model.read(f"s3://{self.stage.bucket}/{key}")

    def _put(self, key: str, text: str) -> None:
        self.model.client("s3").put_object(Bucket=self.stage.bucket, Key=key, Body=text.encode())


def moved_features(findings: Mapping[str, Any]) -> set[str]:
    features = findings["dimensions"]["data-quality"]["features"]
    return {feature["name"] for feature in features if feature["status"] == "drift"}


def hour_of(at: datetime, hours: int = 0) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _captured(row: Row, at: datetime) -> str:
    sent = records([row])[0]
    answer = {"predictions": [{"probability": 0.4, "label": "No"}]}
    return json.dumps(
        {
            "captureData": {
                "endpointInput": _message("INPUT", json.dumps(sent)),
                "endpointOutput": _message("OUTPUT", json.dumps(answer)),
            },
            "eventMetadata": {
                "eventId": str(uuid.uuid4()),
                "inferenceId": uuid.uuid4().hex[:16],
                "inferenceTime": at.isoformat().replace("+00:00", "Z"),
            },
            "eventVersion": "0",
        }
    )


def _message(mode: str, data: str) -> dict[str, str]:
    return {"observedContentType": "application/json", "mode": mode, "data": data, "encoding": "JSON"}
