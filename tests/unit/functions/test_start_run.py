import copy
import gzip
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.finish_run.finish_run import FinishRun
from functions.finish_run.request import FinishRequest
from functions.start_run.drift import DriftData
from functions.start_run.past import EarlierRuns
from functions.start_run.planning import Planner
from functions.start_run.request import Answer, StartRunRequest
from functions.start_run.start_run import StartRun
from sluice.aws.quarantine import Quarantine
from sluice.aws.registry import Registry
from sluice.aws.training_jobs import TrainingJobs
from sluice.plan import CodeVersion, Surroundings
from tests.events import load_event
from tests.fakes.sagemaker_jobs import FakeSageMaker
from tests.unit.functions.conftest import BUCKET, StageUnderTest

GOOD = "id,age,plan,churned\n1,30,basic,yes\n2,41,plus,no\n"


@dataclass
class Claims:
    """Remembers the first claimant, as the idempotency table does."""

    first: dict[str, str] = field(default_factory=dict)

    def __call__(self, key: str, execution: str) -> str:
        return self.first.setdefault(key, execution)


@dataclass
class Upload:
    """Uploads files and delivers their events to StartRun."""

    stage: StageUnderTest
    claims: Claims = field(default_factory=Claims)
    sequence: int = 0

    def event(self, body: str | bytes = GOOD, name: str = "churn.csv", model: str = "churn") -> dict[str, Any]:
        stored = self.stage.put(f"models/{model}/raw/{name}", body)
        self.sequence += 1
        event = copy.deepcopy(load_event("object_created"))
        event["time"] = (self.stage.clock.at + timedelta(seconds=self.sequence)).isoformat()
        event["detail"]["bucket"]["name"] = BUCKET
        event["detail"]["object"] = {
            "key": f"models/{model}/raw/{name}",
            "size": len(body),
            "etag": stored["ETag"].strip('"'),
            "version-id": stored["VersionId"],
            "sequencer": f"{self.sequence:016X}",
        }
        return event

    def deliver(self, event: dict[str, Any], execution: str) -> Answer:
        return self.start_run().handle(StartRunRequest.model_validate({"event": event, "execution_arn": execution}))

    def start_run(self) -> StartRun:
        stage = self.stage
        surroundings = Surroundings("dev", BUCKET, "role", "image", CodeVersion("ab", "s3://b/p/", "s3://b/s"), None)
        client: Any = FakeSageMaker()
        earlier = EarlierRuns(stage.objects, stage.production, Registry(client), stage.runs, TrainingJobs(client))
        return StartRun(
            objects=stage.objects,
            leases=stage.leases,
            runs=stage.runs,
            journal=stage.journal,
            planner=Planner(stage.objects, earlier, surroundings),
            drift_data=DriftData(stage.objects, stage.clock),
            quarantine=Quarantine(stage.objects),
            claim=self.claims,
            now=stage.clock,
        )

    def finish(self, execution: str, outcome: str = "succeeded") -> dict[str, Any]:
        stage = self.stage
        finish_run = FinishRun(stage.objects, stage.leases, stage.runs, stage.journal, stage.executions, stage.clock)
        return finish_run.handle(
            FinishRequest.model_validate({"execution_arn": execution, "outcome": outcome, "reason": "it broke"})
        )

    def waiting(self, run_id: str) -> dict[str, Any]:
        event = copy.deepcopy(load_event("pending_upload"))
        event["detail"]["finished_run_id"] = run_id
        return event


@pytest.fixture
def upload(stage: StageUnderTest) -> Upload:
    stage.put_definition()
    return Upload(stage)


def test_an_upload_becomes_a_plan_on_its_own_copy_of_the_data(upload: Upload) -> None:
    answer = upload.deliver(upload.event(), "execution-1")

    assert answer.outcome == "run"
    assert answer.plan is not None
    run = f"models/churn/runs/{answer.plan['run_id']}/"
    assert upload.stage.objects.read(f"{run}input/churn.csv").decode() == GOOD
    assert json.loads(upload.stage.objects.read(f"{run}definition/definition.json"))["data"]["target"] == "churned"
    assert answer.plan["uris"]["data"] == f"s3://{BUCKET}/{run}input/"
    assert upload.stage.actions() == ["RUN_STARTED"]


def test_a_retry_gets_its_plan_also_when_the_file_was_overwritten_meanwhile(upload: Upload) -> None:
    """Else the execution would end with nothing to do and keep the lease."""
    event = upload.event()
    first = upload.deliver(event, "execution-1")
    upload.event(GOOD + "3,1,basic,no\n")

    assert upload.deliver(event, "execution-1").plan == first.plan


def test_a_retry_does_not_offer_the_upload_again(upload: Upload) -> None:
    event = upload.event()
    upload.deliver(event, "execution-1")

    upload.deliver(event, "execution-1")

    assert upload.stage.leases.waiting("churn") is None
    assert upload.finish("execution-1")["started"] is None


def test_append_mode_trains_on_everything_under_raw(upload: Upload) -> None:
    upload.stage.put_definition(data__mode="append")

    answer = upload.deliver(upload.event(), "execution-1")

    assert answer.plan is not None
    assert answer.plan["uris"]["data"] == f"s3://{BUCKET}/models/churn/raw/"
    assert not upload.stage.keys(f"models/churn/runs/{answer.plan['run_id']}/input/")


def test_the_same_event_in_another_execution_is_a_duplicate(upload: Upload) -> None:
    event = upload.event()
    first = upload.deliver(event, "execution-1")

    again = [upload.deliver(event, f"execution-{number}").outcome for number in range(2, 6)]

    assert first.outcome == "run"
    assert again == ["duplicate"] * 4
    assert upload.stage.actions() == ["RUN_STARTED"]


def test_a_retry_in_the_same_execution_gets_the_same_plan_again(upload: Upload) -> None:
    event = upload.event()
    first = upload.deliver(event, "execution-1")
    upload.stage.clock.forward(seconds=5)

    assert upload.deliver(event, "execution-1").plan == first.plan
    assert upload.stage.actions() == ["RUN_STARTED"]


def test_ten_uploads_make_two_runs_and_the_last_has_the_newest_data(upload: Upload) -> None:
    events = [upload.event(GOOD + f"{number},1,basic,no\n", f"{number}.csv") for number in range(10, 20)]
    answers = [upload.deliver(event, f"execution-{number}") for number, event in enumerate(events)]
    assert [answer.outcome for answer in answers] == ["run"] + ["pending"] * 9
    assert answers[0].plan is not None

    finished = upload.finish("execution-0")
    last = upload.deliver(upload.waiting(answers[0].plan["run_id"]), finished["started"])

    assert last.plan is not None
    newest = upload.stage.objects.read(f"models/churn/runs/{last.plan['run_id']}/input/19.csv").decode()
    assert newest.endswith("19,1,basic,no\n")
    assert upload.finish(finished["started"])["started"] is None


def test_a_file_that_was_overwritten_before_its_turn_runs_nothing(upload: Upload) -> None:
    events = [upload.event(GOOD + f"{number},1,basic,no\n") for number in range(10, 20)]

    answers = [upload.deliver(event, f"execution-{number}") for number, event in enumerate(events)]

    assert [answer.outcome for answer in answers] == ["nothing"] * 9 + ["run"]
    assert upload.stage.actions() == ["UPLOAD_SUPERSEDED"] * 9 + ["RUN_STARTED"]


def test_in_append_mode_an_overwritten_file_still_starts_a_run(upload: Upload) -> None:
    upload.stage.put_definition(data__mode="append")
    first, _ = upload.event(), upload.event(GOOD + "3,1,basic,no\n")

    assert upload.deliver(first, "execution-1").outcome == "run"


def test_when_the_newest_event_comes_first_the_older_ones_run_nothing_after_it(upload: Upload) -> None:
    older, newest = upload.event(), upload.event(GOOD + "3,1,basic,no\n", "newest.csv")
    first = upload.deliver(newest, "execution-1")
    assert first.plan is not None
    assert upload.deliver(older, "execution-2").outcome == "pending"

    started = upload.finish("execution-1")["started"]

    assert upload.deliver(upload.waiting(first.plan["run_id"]), started).outcome == "nothing"
    assert upload.stage.leases.current("churn") is None
    assert upload.stage.actions()[-1] == "UPLOAD_SUPERSEDED"


def test_an_upload_between_the_end_of_a_run_and_its_look_at_the_slot_gets_the_lease_itself(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")
    upload.finish("execution-1")

    assert upload.deliver(upload.event(GOOD + "3,1,basic,no\n"), "execution-2").outcome == "run"


def test_an_expired_lease_is_taken_over(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")
    upload.stage.clock.forward(hours=25)

    assert upload.deliver(upload.event(GOOD + "3,1,basic,no\n"), "execution-2").outcome == "run"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the file is empty"),
        (b"id,age,plan,churned\n", "a header and no rows"),
        (b"id,age,plan\n1,2,a\n", "column 'churned' (the target) is missing"),
        (b"id:age:plan:churned\n1:2:a:yes\n", "must be separated by"),
        (b"id,age,plan,churned\n1,2,\xe9,yes\n", "not UTF-8"),
        (b"id,age,plan,churned\n1,2,a,yes\n", "one class only"),
        (b"id,age,plan,churned\n1,2,a,yes\n1,3,b,no\n", "appears a second time"),
        (b"id,age,plan,churned,new\n1,2,a,yes,x\n", "column 'new' is not in model.yaml"),
    ],
)
def test_a_bad_file_goes_to_quarantine_with_its_reason_and_people_are_told(
    upload: Upload, body: bytes, reason: str
) -> None:
    answer = upload.deliver(upload.event(body), "execution-1")

    assert answer.outcome == "quarantined"
    assert reason in answer.reason
    copied, explained = upload.stage.keys("models/churn/quarantine/")
    assert upload.stage.objects.read(copied) == body
    assert reason in json.loads(upload.stage.objects.read(explained))["reason"]
    assert upload.stage.notices() == ["[sluice] churn: upload quarantined"]
    assert upload.stage.leases.current("churn") is None


@pytest.mark.parametrize(
    ("name", "body", "outcome"),
    [
        ("churn.csv.gz", gzip.compress(GOOD.replace(",", ";").encode(), mtime=0), "run"),
        ("churn.tsv", GOOD.replace(",", "\t").encode(), "run"),
        ("churn.parquet", b"PAR1" + b"." * 8 + (8).to_bytes(4, "little") + b"PAR1", "run"),
        ("churn.csv.gz", GOOD.encode(), "quarantined"),
        ("churn.parquet", GOOD.encode(), "quarantined"),
        ("churn.parquet", b"", "quarantined"),
        ("churn.xlsx", GOOD.encode(), "quarantined"),
    ],
)
def test_every_format_of_preprocess_is_screened(upload: Upload, name: str, body: bytes, outcome: str) -> None:
    assert upload.deliver(upload.event(body, name), "execution-1").outcome == outcome


def test_what_was_not_screened_is_said(upload: Upload) -> None:
    parquet = b"PAR1" + b"." * 8 + (8).to_bytes(4, "little") + b"PAR1"

    upload.deliver(upload.event(parquet, "churn.parquet"), "execution-1")

    assert upload.stage.actions() == ["UPLOAD_PARTLY_SCREENED", "RUN_STARTED"]


def test_a_bad_definition_quarantines_the_upload_and_names_the_field(upload: Upload) -> None:
    upload.stage.put_definition(trainign={"spot": True})

    answer = upload.deliver(upload.event(), "execution-1")

    assert answer.outcome == "quarantined"
    assert answer.reason == "model.yaml: trainign: is not a field of the definition; did you mean training?"


def test_a_model_without_a_definition_says_what_to_upload(upload: Upload) -> None:
    answer = upload.deliver(upload.event(model="fraud"), "execution-1")

    assert "models/fraud/model.yaml does not exist" in answer.reason


def test_a_bad_file_during_a_run_leaves_the_run_alone(upload: Upload) -> None:
    first = upload.deliver(upload.event(), "execution-1")
    assert first.plan is not None

    assert upload.deliver(upload.event(b""), "execution-2").outcome == "quarantined"
    lease = upload.stage.leases.current("churn")
    assert lease is not None
    assert lease.run_id == first.plan["run_id"]
    assert upload.finish("execution-1")["started"] is None
