"""The run that a person means by --follow: the one under way, or the one that the last upload is about to start."""

from collections.abc import Sequence
from dataclasses import dataclass

from cli.current_run import execution_is_active, find_run, is_on_its_way
from cli.errors import OperationFailedError
from cli.installation import Installation
from cli.refused_uploads import newest_refusal
from sluice.audit import AuditEntry
from sluice.aws.runs import Run

_STARTS_SECONDS = 20.0


def newest_first(runs: list[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: run.run_id, reverse=True)


@dataclass(frozen=True)
class RunToFollow:
    """`model` is None for the newest of all `names`."""

    installation: Installation
    model: str | None
    names: Sequence[str]

    def find(self, every_seconds: float) -> Run:
        """Raises OperationFailedError when there is none, or when the newest upload was refused."""
        run = find_run(
            self._newest,
            self._is_starting,
            lambda: self._refusal(None) is not None,
            every_seconds=every_seconds,
            limit_seconds=_STARTS_SECONDS,
        )
        refused = self._refusal(run) if run is None or run.status != "RUNNING" else None
        if refused is not None:
            copy = refused.details["quarantine"]
            raise OperationFailedError(
                f"the newest upload was refused and started no run: {refused.why} (a copy: {copy})"
            )
        if run is None:
            where = f"s3://{self.installation.stack.bucket}/models/{self.model or 'MODEL'}/raw/"
            raise OperationFailedError(f"no run has started. Upload data under {where}")
        return run

    def _newest(self) -> list[Run]:
        return newest_first([run for name in self.names for run in self.installation.runs.newest(name, 1)])

    def _refusal(self, run: Run | None) -> AuditEntry | None:
        return newest_refusal(self.installation.audit_log.entries(self.model), run) if self.model else None

    def _is_starting(self) -> bool:
        states = self.installation.aws.client("stepfunctions")
        return execution_is_active(states, self.installation.stack.state_machine_arn) or self._upload_waits()

    def _upload_waits(self) -> bool:
        if self.model is None:
            return False
        run = next(iter(self._newest()), None)
        return is_on_its_way(self.installation.newest_upload(self.model), run, self._refusal(run) is not None)
