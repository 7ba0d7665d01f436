"""Takes the search's best model, if it beats the baseline, and writes down what was tried."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.select_model.request import Baseline, Search, SelectRequest
from sluice.aws.objects import Objects, key_of
from sluice.aws.training_jobs import TrainingJob, TrainingJobs, Trial, TuningJob
from sluice.naming import INTERMEDIATE_TAG
from sluice.tuning.choice import Choice, Objective, Trained, choose


@dataclass(frozen=True)
class SelectModel:
    objects: Objects
    jobs: TrainingJobs

    def handle(self, request: SelectRequest) -> dict[str, Any]:
        """The training job whose model goes on, where tuning.json lies, and the search's billed seconds."""
        search, baseline = request.search, request.baseline
        job = self.jobs.tuning_job(search.job_name)
        trials = self.jobs.trials(search.job_name)
        objective = _objective(search)
        best = next((trial for trial in trials if trial.job == job.best_job), None)
        reached = Trained(baseline.job_name, _reached(baseline, objective), baseline.hyperparameters)
        tuned = Trained(best.job, best.objective, best.hyperparameters) if best else None
        choice = choose(tuned, reached, baseline.hyperparameters_of, objective)
        document = _document(job, search, trials, choice, tuned, reached, baseline)
        self.objects.write(f"{key_of(request.tuning_uri)}tuning.json", json.dumps(document, indent=1))
        chosen = self.jobs.training_job(best.job) if best and choice.chosen == "tuned" else None
        self._let_expire(request.models_uri, chosen)
        return {
            "training": _training(chosen, baseline),
            "tuning": {"uri": f"{request.tuning_uri}tuning.json"},
            "seconds": document["seconds"],
        }

    def _let_expire(self, models_uri: str, chosen: TrainingJob | None) -> None:
        """Tag the models of all trials but the chosen one."""
        kept = key_of(chosen.model_uri) if chosen else None
        for key in self.objects.keys(key_of(models_uri)):
            if key != kept:
                self.objects.tag(key, INTERMEDIATE_TAG)


def _objective(search: Search) -> Objective:
    sent = search.config["HyperParameterTuningJobObjective"]
    return Objective(sent["MetricName"], sent["Type"])


def _reached(baseline: Baseline, objective: Objective) -> float | None:
    return next((metric.Value for metric in baseline.metrics if metric.MetricName == objective.metric), None)


def _training(chosen: TrainingJob | None, baseline: Baseline) -> dict[str, Any]:
    if chosen is None:
        kept = ("job_name", "job_arn", "model_uri", "hyperparameters")
        return {name: getattr(baseline, name) for name in kept}
    return {
        "job_name": chosen.name,
        "job_arn": chosen.arn,
        "model_uri": chosen.model_uri,
        "hyperparameters": dict(chosen.hyperparameters),
    }


def _document(
    job: TuningJob,
    search: Search,
    trials: Sequence[Trial],
    choice: Choice,
    best: Trained | None,
    reached: Trained,
    baseline: Baseline,
) -> dict[str, Any]:
    """tuning.json: what the report draws."""
    objective = _objective(search)
    counted = {"completed": "Completed", "stopped": "Stopped", "failed": "Failed"}
    return {
        "job": job.name,
        "job_arn": job.arn,
        "strategy": search.config["Strategy"],
        "objective": {"metric": objective.metric, "type": objective.type},
        "ranges": search.ranges,
        "warm_start": _warm_start(search),
        "counts": {name: sum(trial.status == status for trial in trials) for name, status in counted.items()},
        "seconds": sum(trial.seconds or 0 for trial in trials),
        "trials": [_trial(number, trial) for number, trial in enumerate(trials, 1)],
        "best": _reached_document(best) if best else None,
        "baseline": {**_reached_document(reached), "source": baseline.hyperparameters_of},
        "chosen": choice.chosen,
        "reason": choice.reason,
    }


def _warm_start(search: Search) -> dict[str, str] | None:
    if search.warm_start is None:
        return None
    parents: Sequence[Mapping[str, str]] = search.warm_start["ParentHyperParameterTuningJobs"]
    return {"type": search.warm_start["WarmStartType"], "job": parents[0]["HyperParameterTuningJobName"]}


def _trial(number: int, trial: Trial) -> dict[str, Any]:
    return {
        "number": number,
        "job": trial.job,
        "status": trial.status,
        "objective": trial.objective,
        "hyperparameters": dict(trial.hyperparameters),
        "started_at": trial.started_at.isoformat() if trial.started_at else None,
        "ended_at": trial.ended_at.isoformat() if trial.ended_at else None,
        "seconds": trial.seconds,
    }


def _reached_document(trained: Trained) -> dict[str, Any]:
    return {
        "job": trained.job,
        "objective": trained.measured,
        "hyperparameters": dict(trained.hyperparameters),
    }
