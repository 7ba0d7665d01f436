"""What people are told of drift and of checks that failed."""

from sluice.review import LINK_SECONDS

THE_JOBS_LOG = "/aws/sagemaker/ProcessingJobs"


def found(summary: str, reason: str, source: str) -> str:
    """source: of the check; a batch's rows are not an endpoint's requests."""
    where = "In a batch: " if source == "batch" else ""
    return f"{where}{summary.rstrip('.')}: {reason}"


def report_link(stage: str, model: str, link: str) -> str:
    """For a notification only: whoever has the link can read the report."""
    return "\n".join(
        [
            f"Report (for {LINK_SECONDS // 3600} hours at most: a link ends with the credentials that signed it):",
            link,
            f"Later: {_monitor(stage, model)} --report",
        ]
    )


def failed(stage: str, model: str, job: str, reason: str) -> str:
    return (
        f"a check of production failed: {reason.rstrip('.')}. What the job printed lies in CloudWatch Logs, "
        f"{THE_JOBS_LOG}, stream {job}. Those that fail from now on are recorded and not told until one comes through; "
        f"`{_monitor(stage, model)} --now` asks for one"
    )


def unreadable(stage: str, model: str, where: str, reason: str) -> str:
    return (
        f"a check of production left a report that cannot be read, {where}: {reason}. "
        f"`{_monitor(stage, model)} --now` asks for another"
    )


def _monitor(stage: str, model: str) -> str:
    return f"sluice monitor {model} --stage {stage}"
