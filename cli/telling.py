"""A run's events as one line each."""

from collections.abc import Callable

from cli.watching import AttemptFailed, JobKind, RunEnded, RunEvent, StepEnded, StepStarted

JobSeconds = Callable[[JobKind, str], float | None]


def line_of(event: RunEvent, job_seconds: JobSeconds) -> str:
    if isinstance(event, StepStarted):
        return f"{event.step} …"
    if isinstance(event, AttemptFailed):
        return f"{event.step}: an attempt failed: {failure_of(event)}"
    if isinstance(event, StepEnded):
        return _ended(event, job_seconds)
    return _run_ended(event)


def failure_of(event: AttemptFailed) -> str:
    """The cause on one line; the error's name where there is no cause."""
    return " ".join(event.cause.split()) or event.error


def _ended(event: StepEnded, job_seconds: JobSeconds) -> str:
    outcome = "failed after" if event.error else "done in"
    job = ""
    if event.job:
        seconds = job_seconds(*event.job)
        job = f" (job {event.job[1]}" + (f", itself {seconds:.1f} s)" if seconds is not None else ")")
    return f"{event.step}: {outcome} {event.seconds:.1f} s{job}"


def _run_ended(event: RunEnded) -> str:
    reason = " ".join(f"{event.error} {event.cause}".split())
    return f"run {event.status} after {event.seconds:.1f} s" + (f": {reason}" if reason else "")
