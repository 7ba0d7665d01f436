"""Everything that can be found out about where a version comes from and what became of it. What is gone is named."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cli.gate_reasons import unmet
from cli.installation import Installation
from cli.run_jobs import GONE, FoundJob, found_jobs
from cli.run_lookup import unless_gone
from sluice.audit import AuditEntry
from sluice.aws.objects import ObjectMissingError, key_of
from sluice.aws.registry import Package
from sluice.aws.runs import Run
from sluice.gate import SHOWN_METRICS
from sluice.lineage import story_of
from sluice.naming import mode_of_endpoint
from sluice.run_facts import costs

_OBJECT_GONE = ("404", "NoSuchKey", "NoSuchVersion", "NotFound", "MethodNotAllowed", "405")
"""405: HeadObject of a version that is a delete marker."""


def lineage_of(installation: Installation, model: str, package: Package) -> dict[str, Any]:
    metadata, arn = package.metadata, package.ref.arn
    described = installation.aws.client("sagemaker").describe_model_package(ModelPackageName=arn)
    run = installation.runs.get(model, metadata["run_id"]) if "run_id" in metadata else None
    jobs = found_jobs(installation.aws.client("sagemaker"), run) if run else []
    priced = costs([one.job for one in jobs], installation.aws.target.region)
    story = story_of(installation.audit_log.entries(model), arn, package.ref.version)
    return {
        "model": model,
        "version": package.ref.version,
        "package_arn": arn,
        "registered_at": described["CreationTime"],
        "approval_status": package.approval_status,
        "data": _data(installation, run, metadata),
        "run": _run(run, metadata),
        "jobs": [job | {"status": one.status} for job, one in zip(priced["jobs"], jobs, strict=True)],
        "cost": priced["cost"],
        "hyperparameters": _hyperparameters(jobs, run, metadata),
        "code": _code(installation, metadata, described),
        "metrics": {name: float(metadata[name]) for name in SHOWN_METRICS if name in metadata},
        "gate": _gate(installation, metadata),
        "decisions": [_entry(entry) for entry in story.decisions],
        "serving": [_entry(entry) for entry in story.serving],
        "drift": [_entry(entry) for entry in story.drift],
        "checks": _verdicts(installation, model, package.ref.version),
    }


def _verdicts(installation: Installation, model: str, version: int) -> dict[str, int]:
    """How many checks of production came to each verdict; of those without one, to each status."""
    own = [check for check in installation.checks.newest(model) if check.version == version]
    return dict(Counter(check.verdict or check.status.lower() for check in own))


def _data(installation: Installation, run: Run | None, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The registry's copy lacks what its alphabet has no room for: the run's own is better."""
    version = run.data_version if run else metadata.get("data_version")
    return {
        "version": version,
        "exists": _data_exists(installation, version) if version else None,
        "retrained_for": run.plan.get("drift") if run else None,
    }


def _data_exists(installation: Installation, data_version: str) -> bool:
    """`s3://bucket/key@version`."""
    uri, _, version = data_version.rpartition("@")
    client = installation.aws.client("s3")
    request = {"Bucket": uri.removeprefix("s3://").partition("/")[0], "Key": key_of(uri), "VersionId": version}
    return unless_gone(lambda: client.head_object(**request), _OBJECT_GONE) is not None


def _run(run: Run | None, metadata: Mapping[str, str]) -> dict[str, Any]:
    if run is None:
        return {"run_id": metadata.get("run_id"), "status": GONE}
    return {"run_id": run.run_id, "status": run.status, "started_at": run.started_at, "finished_at": run.finished_at}


def _hyperparameters(jobs: list[FoundJob], run: Run | None, metadata: Mapping[str, str]) -> Mapping[str, str]:
    """Of the job whose model it is; of a search's winner, and where the job is gone, what the plan says."""
    chosen = next((one for one in jobs if one.job.name == metadata.get("training_job") and one.hyperparameters), None)
    if chosen:
        return chosen.hyperparameters
    planned: Mapping[str, str] = (run.plan.get("training") or {}).get("hyperparameters", {}) if run else {}
    return planned


def _code(installation: Installation, metadata: Mapping[str, str], described: Mapping[str, Any]) -> dict[str, Any]:
    sha256 = metadata.get("code_sha256")
    exists = next(installation.objects.keys(f"code/{sha256}/"), None) is not None if sha256 else None
    return {"sha256": sha256, "exists": exists, "commit": described.get("MetadataProperties", {}).get("CommitId")}


def _gate(installation: Installation, metadata: Mapping[str, str]) -> dict[str, Any]:
    """reasons: of the checks that did not pass; None where they are gone."""
    found: dict[str, Any] = {"verdict": metadata.get("verdict"), "reasons": None, "report": metadata.get("report")}
    if "gate" not in metadata:
        return found
    try:
        return found | {"reasons": unmet(installation.objects.read_json(metadata["gate"]))}
    except ObjectMissingError:
        return found


def _entry(entry: AuditEntry) -> dict[str, Any]:
    endpoint = entry.details.get("endpoint")
    mode = entry.details.get("mode") or (mode_of_endpoint(endpoint) if endpoint else None)
    return {**asdict(entry), "details": dict(entry.details), "mode": mode}
