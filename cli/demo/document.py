"""The demo as one JSON object: what `sluice demo --json` prints, whether it ended well or not."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from cli.demo.findings import Checked, Cloud, Judged, Predicted, Remembered, Reported, Retrained, Serving, Trained
from cli.demo.stages import Failure, Outcome, Results, StageFailedError
from cli.explaining import explain


def document(outcome: Outcome, seconds: float) -> dict[str, Any]:
    head: dict[str, Any] = {"ok": outcome.failure is None}
    if outcome.failure:
        head |= failure_part(outcome.failure, outcome.results)
    stages = [asdict(timing) for timing in outcome.timings]
    return {**head, "seconds": round(seconds, 3), "stages": stages, **_found(outcome.results)}


def failure_part(failure: Failure, results: Results) -> dict[str, Any]:
    log = log_of(failure, results)
    return {"stage": failure.stage, "reason": str(explain(failure.error)), "log": str(log) if log else None}


def log_of(failure: Failure, results: Results) -> Path | None:
    """The log that says most: the failed job's own, else the local cloud's."""
    own = failure.error.log if isinstance(failure.error, StageFailedError) else None
    cloud = results.find(Cloud)
    return own or (cloud.log if cloud else None)


def _found(results: Results) -> dict[str, Any]:
    return {
        **_of_run(results.find(Trained)),
        **_of_gate(results.find(Judged)),
        **_of_production(results),
        **_of_drift(results),
    }


def _of_run(trained: Trained | None) -> dict[str, Any]:
    if trained is None:
        return {}
    return {
        "run_id": trained.run_id,
        "run_seconds": trained.seconds,
        "steps": dict(trained.steps),
        "jobs": [asdict(job) for job in trained.jobs],
        "job_seconds": round(sum(job.seconds or 0.0 for job in trained.jobs), 3),
    }


def _of_gate(judged: Judged | None) -> dict[str, Any]:
    if judged is None:
        return {}
    verdict = {
        "verdict": judged.verdict,
        "threshold": judged.threshold,
        "checks": [dict(check) for check in judged.checks],
    }
    return {"metrics": dict(judged.metrics), "gate": verdict, "package_arn": judged.package_arn}


def _of_production(results: Results) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if serving := results.find(Serving):
        found["endpoint"] = serving.endpoint
    if predicted := results.find(Predicted):
        found["predictions"] = [dict(one) for one in predicted.predictions]
    if remembered := results.find(Remembered):
        found["history"] = [{**vars(entry), "details": dict(entry.details)} for entry in remembered.entries]
    if reported := results.find(Reported):
        found["report"] = str(reported.path)
    return found


def _of_drift(results: Results) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if checked := results.find(Checked):
        moved = [feature["name"] for feature in checked.moved]
        found["check"] = {"check_id": checked.check.check_id, "summary": checked.check.summary, "moved": moved}
        found["drift_page"] = str(checked.page)
    if retrained := results.find(Retrained):
        found["retrained"] = asdict(retrained)
    return found
