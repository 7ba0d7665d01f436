"""What RegisterModel alone knows of a run, as it writes it into the report."""

import json
from typing import Any

import numpy as np

Facts = dict[str, Any]

PLACE = '<script type="application/json" id="run">null</script>'
"""What RegisterModel replaces."""

RUN_ID = "261103140012-7f3a"
ARN = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/churn/7"
RANGES = {
    "eta": {"type": "continuous", "min": 0.01, "max": 0.3, "scaling": "Logarithmic"},
    "max_depth": {"type": "integer", "min": 2, "max": 10, "scaling": "Auto"},
    "subsample": {"type": "continuous", "min": 0.5, "max": 1.0, "scaling": "Linear"},
    "max_bin": {"type": "categorical", "values": [64, 256, 1024]},
}


def registered(page: str, facts: Facts) -> str:
    """The page as RegisterModel leaves it."""
    assert page.count(PLACE) == 1
    return page.replace(PLACE, PLACE.replace("null", json.dumps(facts).replace("<", "\\u003c")))


def run_facts(verdict: str = "needs-human", tuned: bool = True, **more: Any) -> Facts:
    checks = [
        _check("test_set", "pass", 704, 100, "The test set holds 704 rows, at least 100 are asked for."),
        _check("threshold.auc", "pass", 0.8412, 0.6, "auc is 0.8412, at least 0.6 is asked for."),
        _check(
            "champion.auc",
            "pass",
            0.02,
            -0.005,
            "auc is 0.0200 above the champion's: it is not shown to be worse by more than 0.005.",
        ),
        _check("slices", "skipped", None, None, "No slice rule is set."),
        _check(
            "data.drift",
            "fail",
            0.31,
            0.25,
            "Contract has drifted from the champion's training data: PSI 0.31, above 0.25.",
            on_failure="needs-human",
        ),
    ]
    if verdict == "fail":
        checks.append(_check("leakage.auc", "fail", 0.998, 0.995, "auc is 0.998, above 0.995: too good to be true."))
    jobs = [_job("preprocess", 41), _job("train", 75), _job("evaluate", 38)]
    return {
        "model": "churn",
        "version": 7,
        "package_arn": ARN,
        "stage": "dev",
        "status": {"fail": "Rejected"}.get(verdict, "PendingManualApproval"),
        "registered_at": "2026-11-03T14:09:30Z",
        "verdict": verdict,
        "summary": [check["reason"] for check in checks],
        "checks": checks,
        "lineage": {
            "run_id": RUN_ID,
            "data_version": "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
            "code_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "commit_id": "b94ce12",
            "training_job": f"churn-{RUN_ID}-train",
            "training_job_arn": f"arn:aws:sagemaker:eu-central-1:123456789012:training-job/churn-{RUN_ID}-train",
            "definition": f"s3://sluice-dev/models/churn/runs/{RUN_ID}/definition/definition.json",
            "evaluation_uri": f"s3://sluice-dev/models/churn/runs/{RUN_ID}/evaluation/evaluation.json",
            "hyperparameters": {"max_depth": "4", "eta": "0.0731", "num_round": "300", "seed": "42"},
        },
        "jobs": [*jobs[:2], _job("tune", 1460), jobs[2]] if tuned else jobs,
        "cost": {
            "total_usd": None,
            "region": "eu-central-1",
            "source": "on-demand list prices, copied by hand (hours of instances; not their volumes)",
            "as_of": "2026-10-01",
            "unpriced": ["ml.x9.large"],
        },
        "tuning": tuning() if tuned else None,
        "commands": {
            "approve": 'sluice approve churn v7 --stage dev --reason "WHY"',
            "reject": 'sluice reject churn v7 --stage dev --reason "WHY"',
            "aws_approve": f"aws sagemaker update-model-package --model-package-arn {ARN} "
            "--model-approval-status Approved --approval-description WHY",
            "aws_reject": f"aws sagemaker update-model-package --model-package-arn {ARN} "
            "--model-approval-status Rejected --approval-description WHY",
        },
        **more,
    }


def tuning(count: int = 20) -> Facts:
    """The objective falls with eta, rises with the depth up to its end, and knows nothing of subsample."""
    rng = np.random.default_rng(11)
    trials = [_trial(number, rng) for number in range(1, count + 1)]
    trials[3] |= {"status": "Failed", "objective": None}
    trials[7] |= {"status": "Stopped"}
    best = max((trial for trial in trials if trial["objective"]), key=lambda trial: trial["objective"])
    best["hyperparameters"]["max_depth"] = "10"
    best["objective"] = 0.8731
    shown = {name: best[name] for name in ("job", "objective", "hyperparameters")}
    return {
        "job": f"churn-{RUN_ID}",
        "job_arn": f"arn:aws:sagemaker:eu-central-1:123456789012:hyper-parameter-tuning-job/churn-{RUN_ID}",
        "strategy": "Bayesian",
        "objective": {"metric": "validation:auc", "type": "Maximize"},
        "ranges": RANGES,
        "warm_start": None,
        "counts": {"completed": count - 2, "stopped": 1, "failed": 1},
        "seconds": 812,
        "trials": trials,
        "best": shown,
        "baseline": {"job": "base", "objective": 0.8604, "hyperparameters": {"eta": "0.1"}, "source": "champion"},
        "chosen": "tuned",
        "reason": "The best of 18 training jobs reached validation:auc 0.8731, the champion's hyperparameters 0.8604.",
    }


def single_trial() -> Facts:
    """A search of one training job, over ranges that leave no choice."""
    searched = tuning(count=8)
    trial = {**searched["trials"][0], "hyperparameters": {"eta": "0.1", "max_bin": "64"}, "ended_at": None}
    ranges = {
        "eta": {"type": "continuous", "min": 0.1, "max": 0.1, "scaling": "Logarithmic"},
        "max_bin": {"type": "categorical", "values": [64]},
    }
    best = {name: trial[name] for name in ("job", "objective", "hyperparameters")}
    return {**searched, "ranges": ranges, "trials": [trial], "best": best, "counts": {"completed": 1}, "baseline": None}


def _trial(number: int, rng: np.random.Generator) -> Facts:
    eta, depth = float(np.exp(rng.uniform(np.log(0.01), np.log(0.3)))), int(rng.integers(2, 10))
    subsample, bins = float(rng.uniform(0.5, 1)), int(rng.choice([64, 256, 1024]))
    start = 60 * (number // 2)
    return {
        "number": number,
        "job": f"churn-{RUN_ID}-{number:03d}-0a1b2c3d",
        "status": "Completed",
        "objective": round(0.86 - 0.01 * np.log10(eta / 0.01) + 0.001 * depth + float(rng.normal(0, 0.002)), 5),
        "hyperparameters": {
            "eta": repr(eta),
            "max_depth": str(depth),
            "subsample": repr(subsample),
            "max_bin": str(bins),
        },
        "started_at": f"2026-11-03T14:{start // 60:02d}:{start % 60:02d}Z",
        "ended_at": f"2026-11-03T14:{start // 60 + 1:02d}:{(17 * number) % 60:02d}Z",
        "seconds": 60 + number,
    }


def _check(name: str, outcome: str, value: Any, bound: Any, reason: str, on_failure: str = "fail") -> Facts:
    return {
        "name": name,
        "outcome": outcome,
        "value": value,
        "bound": bound,
        "reason": reason,
        "on_failure": on_failure,
    }


def _job(step: str, seconds: int) -> Facts:
    return {
        "step": step,
        "name": f"churn-{RUN_ID}-{step}",
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "seconds": seconds,
        "cost_usd": None if step == "evaluate" else round(seconds * 0.138 / 3600, 5),
    }
