from datetime import UTC, datetime
from typing import Any

from cli.following.events import AttemptFailed, RunEvent, StepEnded, StepStarted
from cli.following.one_run import document_of, lines_of, planned_jobs, steps_of
from sluice.aws.runs import Run

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PLAN: dict[str, Any] = {
    "uris": {"report": "s3://b/models/churn/runs/r/report/"},
    "preprocess": {"job_name": "prep-1", "instance_type": "ml.m5.large", "instance_count": 1},
    "training": {"job_name": "train-1", "instance_type": "ml.m5.xlarge", "instance_count": 2},
    "tuning": {"job_name": "tune-1", "max_jobs": 20},
    "evaluate": {"job_name": "eval-1", "instance_type": "ml.m5.large", "instance_count": 1},
}
EVENTS: list[RunEvent] = [
    StepStarted("Preprocess", NOW),
    StepEnded("Preprocess", NOW, 5.0, ("processing", "prep-1")),
    StepStarted("Train", NOW),
    StepStarted("Tune", NOW),
    StepEnded("Train", NOW, 6.0, ("training", "train-1"), error=AttemptFailed("Train", NOW, "E", "why")),
]


def run(**changes: Any) -> Run:
    fields: dict[str, Any] = {
        "model": "churn",
        "run_id": "261120090000-aaaa",
        "execution_arn": "arn:e",
        "status": "RUNNING",
        "data_version": "s3://b/churn.csv@v1",
        "started_at": "2026-11-20T09:00:00+00:00",
        "plan": PLAN,
    }
    return Run(**{**fields, **changes})


def seconds(kind: str, name: str) -> float | None:
    return {"prep-1": 4.0, "train-1": 3.0}.get(name)


def test_a_tuning_job_runs_on_the_machines_of_training() -> None:
    tune = next(job for job in planned_jobs(PLAN) if job.step == "Tune")
    assert (tune.name, tune.kind, tune.instance_type, tune.instance_count) == ("tune-1", "tuning", "ml.m5.xlarge", 2)


def test_a_plan_of_an_older_version_has_what_it_has() -> None:
    assert planned_jobs({"tuning": None}) == []


def test_steps_come_in_their_order_with_their_jobs_and_what_is_still_to_come() -> None:
    found = steps_of(EVENTS, planned_jobs(PLAN), seconds)
    assert [(step.step, step.outcome, step.seconds, step.job_seconds) for step in found] == [
        ("Preprocess", "done", 5.0, 4.0),
        ("Train", "failed", 6.0, 3.0),
        ("Tune", None, None, None),
        ("Evaluate", None, None, None),
    ]


def test_jobs_that_have_not_begun_are_not_asked_for() -> None:
    asked: list[str] = []
    steps_of(EVENTS, planned_jobs(PLAN), lambda kind, name: asked.append(name))
    assert asked == ["prep-1", "train-1", "tune-1"]


def test_of_an_ended_run_whose_history_is_gone_the_jobs_are_still_told() -> None:
    found = steps_of([], planned_jobs(PLAN), seconds, is_running=False)
    assert [(step.step, step.outcome, step.job_seconds) for step in found] == [
        ("Preprocess", None, 4.0), ("Train", None, 3.0), ("Tune", None, None), ("Evaluate", None, None),
    ]  # fmt: skip


def test_the_document_tells_everything_but_the_plan() -> None:
    ended = run(
        status="SUCCEEDED",
        finished_at="2026-11-20T09:01:30+00:00",
        verdict="needs-human",
        package_arn="arn:aws:sagemaker:us-east-1:1:model-package/sluice-dev-churn/4",
    )
    document = document_of(ended, steps_of(EVENTS, planned_jobs(PLAN), seconds), ["needs-human: drift"])
    assert "plan" not in document
    assert (document["seconds"], document["version"], document["verdict"]) == (90.0, 4, "needs-human")
    assert document["report"] == "s3://b/models/churn/runs/r/report/report.html"
    assert document["steps"][0]["job"]["name"] == "prep-1"
    shown = "\n".join(lines_of(document))
    assert "SUCCEEDED, 90 s" in shown
    assert "needs-human: drift" in shown
    assert "sluice report churn 4" in shown
    assert next(line.split() for line in shown.splitlines() if line.startswith("Train")) == [
        "Train", "failed", "6.0", "3.0", "2", "ml.m5.xlarge", "train-1",
    ]  # fmt: skip


def test_a_run_that_goes_on_has_no_end_and_no_version() -> None:
    document = document_of(run(plan={}), [], [])
    assert (document["seconds"], document["version"], document["report"]) == (None, None, None)
    assert list(lines_of(document, ["its history is gone"]))[-1] == "its history is gone"
