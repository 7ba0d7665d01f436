"""One tuning job's life: as many threads as training jobs may run at once, each running one after the other."""

import functools
import logging
import math
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from localcloud.errors import ApiError
from localcloud.sagemaker.jobs.failures import clip
from localcloud.sagemaker.jobs.progress import MAX_RUNTIME
from localcloud.sagemaker.jobs.records import JobRecords
from localcloud.sagemaker.jobs.training import Observe
from localcloud.sagemaker.metrics import Metric
from localcloud.sagemaker.tuning.children import child_name, child_request
from localcloud.sagemaker.tuning.outcome import (
    ENOUGH_ATTEMPTS,
    Child,
    Summary,
    best,
    counters,
    failure,
    objective_value,
    summarize,
)
from localcloud.sagemaker.tuning.plan import TuningPlan
from localcloud.sagemaker.tuning.warm_start import Parent, lessons, overall_best

if TYPE_CHECKING:
    from localcloud.sagemaker.tuning.search import Search

_log = logging.getLogger(__name__)

_DEFECT: Final = "InternalServerError: the local cloud failed; its log says where"


class TrainingJobs(Protocol):
    """What a tuning job asks of the part that runs training jobs (see jobs.service.Jobs)."""

    def start_child(self, request: Mapping[str, Any], tuning_job_arn: str, observe: Observe) -> None: ...

    def describe_child(self, name: str) -> dict[str, Any]: ...

    def wait_for_child(self, name: str) -> dict[str, Any]: ...

    def stop_child(self, name: str) -> None: ...

    def kill_child(self, name: str) -> None: ...


class TuningRun:
    """`request` is the checked CreateHyperParameterTuningJob; its record exists when `start` is called."""

    def __init__(
        self,
        request: Mapping[str, Any],
        plan: TuningPlan,
        arn: str,
        jobs: TrainingJobs,
        records: JobRecords,
        parents: Sequence[Parent] = (),
    ) -> None:
        self._request = request
        self._plan = plan
        self._arn = arn
        self._jobs = jobs
        self._records = records
        self._parents = parents
        self._name: str = request["HyperParameterTuningJobName"]
        self._started = datetime.now(UTC)
        self._changed = threading.Condition()
        self._children: list[Child] = []
        # The status and reason of an end before the last training job's; the first one counts.
        self._early_end: tuple[str, str] | None = None
        self._search: Search
        self._thread = threading.Thread(target=self._live, name=f"tuning {self._name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, reason: str = "") -> None:
        """Stop the running training jobs, start none; what was found stays."""
        started = self._no_more("Stopped", reason)
        self._records.update(self._name, {self._records.kind.status: "Stopping"})
        for child in started:
            self._jobs.stop_child(child.name)

    def kill(self) -> None:
        """End at once: the server stops."""
        for child in self._no_more("Stopped", ""):
            self._jobs.kill_child(child.name)

    def join(self, timeout: float | None = None) -> None:
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def summaries(self) -> list[Summary]:
        """Its training jobs as they are now, in the order of their start."""
        with self._changed:
            children = list(self._children)
        definition = self._request["TrainingJobDefinition"].get("DefinitionName")
        return [
            summarize(child, self._jobs.describe_child(child.name), self._plan.metric, definition) for child in children
        ]

    def progress(self) -> dict[str, Any]:
        """The members of its description that follow from its training jobs."""
        summaries, maximize = self.summaries(), self._plan.maximize
        seconds = math.ceil((datetime.now(UTC) - self._started).total_seconds())
        found: dict[str, Any] = {**counters(summaries), "ConsumedResources": {"RuntimeInSeconds": seconds}}
        leaders = {
            "BestTrainingJob": best(summaries, maximize=maximize),
            "OverallBestTrainingJob": overall_best(self._request, summaries, self._parents, maximize=maximize),
        }
        return found | {name: leader for name, leader in leaders.items() if leader}

    def _live(self) -> None:
        try:
            self._run_all()
            status, reason = self._verdict()
        except Exception:
            _log.exception("The tuning job %s met a defect of the local cloud", self._name)
            status, reason = "Failed", _DEFECT
        kind = self._records.kind
        final = self.progress() | {kind.status: status, kind.end_time(): datetime.now(UTC)}
        self._records.update(self._name, final | ({"FailureReason": reason} if reason else {}))

    def _run_all(self) -> None:
        # Optuna is imported here, for those who tune, and not at the start of the cloud.
        from localcloud.sagemaker.tuning.search import Search

        self._search = Search(self._plan)
        for lesson in lessons(self._parents):
            self._search.learn(lesson.hyperparameters, lesson.value)
        alarm = self._set_alarm()
        workers = [
            threading.Thread(target=self._work, name=f"{self._name} worker {number}", daemon=True)
            for number in range(self._plan.parallel)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if alarm:
            alarm.cancel()

    def _set_alarm(self) -> threading.Timer | None:
        if self._plan.max_seconds is None:
            return None
        # AWS shows nothing here but Stopped; a person wants to know why.
        alarm = threading.Timer(self._plan.max_seconds, self.stop, (f"Tuning {MAX_RUNTIME}",))
        alarm.daemon = True
        alarm.start()
        return alarm

    def _work(self) -> None:
        try:
            while child := self._next():
                self._follow(child)
        except ApiError as error:
            self._end_early("Failed", clip(f"ClientError: {error.message}"))
        except Exception:
            _log.exception("The tuning job %s met a defect of the local cloud", self._name)
            self._end_early("Failed", _DEFECT)

    def _next(self) -> Child | None:
        """The next training job, started; None when there is to be none."""
        with self._changed:
            self._changed.wait_for(self._is_decided)
            if self._early_end or len(self._children) >= self._plan.jobs:
                return None
            proposal = self._search.ask()
            name = child_name(self._name, len(self._children) + 1)
            child = Child(proposal.number, name, proposal.hyperparameters)
            observe = functools.partial(self._observe, child)
            self._jobs.start_child(child_request(self._request, name, child.tuned), self._arn, observe)
            self._children.append(child)
            return child

    def _is_decided(self) -> bool:
        """Whether it goes on: after some attempts without any success, that depends on those that still run."""
        if self._early_end:
            return True
        summaries = self.summaries()
        reason = failure(summaries, self._plan.metric, ENOUGH_ATTEMPTS)
        if reason and any(one["ObjectiveStatus"] == "Pending" for one in summaries):
            return False
        if reason:
            self._no_more("Failed", reason)
        return True

    def _follow(self, child: Child) -> None:
        job = self._jobs.wait_for_child(child.name)
        completed = job["TrainingJobStatus"] == "Completed"
        self._search.tell(child.number, objective_value(job, self._plan.metric), completed=completed)
        with self._changed:
            self._changed.notify_all()

    def _observe(self, child: Child, metric: Metric) -> None:
        """In the thread that reads the child's output."""
        if metric.name == self._plan.metric and self._search.report(child.number, metric.value):
            self._jobs.stop_child(child.name)

    def _end_early(self, status: str, reason: str) -> None:
        for child in self._no_more(status, reason):
            self._jobs.stop_child(child.name)

    def _no_more(self, status: str, reason: str) -> list[Child]:
        """From here on no training job starts; those that have."""
        with self._changed:
            self._early_end = self._early_end or (status, reason)
            self._changed.notify_all()
            return list(self._children)

    def _verdict(self) -> tuple[str, str]:
        """The status, and the reason of one that is not Completed."""
        if self._early_end:
            return self._early_end
        reason = failure(self.summaries(), self._plan.metric)
        return ("Failed", reason) if reason else ("Completed", "")
