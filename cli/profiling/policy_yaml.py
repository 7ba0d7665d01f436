"""What the data cannot tell: safe values to start from, each with what it means."""

from collections.abc import Iterator, Mapping

from sluice.definition import (
    CalibrationRule,
    ChampionComparison,
    DataRule,
    Gate,
    LeakageRule,
    Monitoring,
    Task,
    Tuning,
    Validation,
)
from sluice.definition.ranges import DEFAULT_RANGES
from sluice.definition.tuning import OBJECTIVES

ALGORITHM = "xgboost"
"""The definition's default, which init leaves as it is."""


def policy_lines(task: Task, tune: bool, retrain: bool) -> Iterator[str]:
    """Everything below `data`. tune: runs search hyperparameters. retrain: drift starts a run."""
    yield from _evaluation(task)
    yield from _gate(task)
    yield from _tuning(task, tune)
    yield from _SERVING
    yield from _monitoring(retrain)


def _evaluation(task: Task) -> Iterator[str]:
    if task == "binary":
        yield ""
        yield "evaluation:"
        yield "  threshold: best-f1  # from which probability the answer is yes; or a number, or cost with a cost_ratio"


_METRIC_LINES: Mapping[Task, str] = {
    "binary": "    auc: {min: 0.6}  # better than guessing; raise it to what your use needs",
    "multiclass": "    auc: {min: 0.6}  # each class against the rest, better than guessing; or accuracy, macro_f1, …",
    "regression": "    r2: {min: 0.0}  # better than the mean; or a bound on mae or rmse, in the target's unit",
}


def _gate(task: Task) -> Iterator[str]:
    yield ""
    yield "gate:  # what a version must reach before anybody may approve it: docs/gate.md"
    yield "  metrics:"
    yield _METRIC_LINES[task]
    yield from _champion("r2" if task == "regression" else "auc")
    if task == "binary":
        error = CalibrationRule().maximum_error
        yield f"  calibration: {{maximum_error: {error:g}}}  # how far probabilities may be from the truth, on average"
    yield from _data(task)
    leakage = LeakageRule()
    bounds = [] if task == "regression" else [f"maximum_auc: {leakage.maximum_auc:g}"]
    bounds.append(f"maximum_gain_share: {leakage.maximum_gain_share:g}")
    yield f"  leakage: {{{', '.join(bounds)}}}  # too good to be true: a person decides"
    yield f"  minimum_test_rows: {Gate().minimum_test_rows}  # fewer decide nothing"


def _champion(metric: str) -> Iterator[str]:
    rule = ChampionComparison()
    yield "  champion:  # compared with the live version on the same test rows; skipped for the first one"
    yield f"    metric: {metric}"
    yield f"    policy: {rule.policy}  # refused when shown to be worse; better: refused unless shown to be better"
    yield f"    minimum_gain: {rule.minimum_gain:g}  # below 0: a loss that is accepted"
    yield f"    confidence: {rule.confidence:g}  # what is shown is wrong in one of twenty runs at most"


def _data(task: Task) -> Iterator[str]:
    rule = DataRule()
    yield "  data:  # against the last run and the live version's data; a person decides where it is exceeded"
    yield f"    minimum_row_ratio: {rule.minimum_row_ratio:g}  # of the last run's rows"
    if task != "regression":
        yield f"    maximum_class_shift: {rule.maximum_class_shift:g}  # of any class's share"
    yield f"    maximum_rejected_share: {rule.maximum_rejected_share:g}  # of rows that could not be read"
    yield f"    maximum_drift: {rule.maximum_drift:g}  # population stability index of a feature; 0.25 is a large shift"


def _tuning(task: Task, tune: bool) -> Iterator[str]:
    tuning = Tuning()
    yield ""
    yield "tuning:  # docs/tuning.md"
    yield f"  enabled: {str(tune).lower()}  # whether each run also searches the ranges below; every job is paid for"
    yield f"  strategy: {tuning.strategy}  # learns from the jobs before; or Random, Grid (of listed values), Hyperband"
    yield f"  objective: {next(iter(OBJECTIVES[task]))}  # what a job is judged by, on the validation split"
    yield f"  max_jobs: {tuning.max_jobs}  # training jobs in all"
    yield f"  parallel_jobs: {tuning.parallel_jobs}  # at a time: more is sooner, fewer learn more from each other"
    yield "  ranges:"
    for name, one in DEFAULT_RANGES[ALGORITHM].items():
        # What is Auto or absent anyway is not worth a word.
        fields = one.model_dump(mode="json", exclude_defaults=True)
        written = ", ".join(
            f"{key}: {value:g}" if key in ("min", "max") else f"{key}: {value}" for key, value in fields.items()
        )
        yield f"    {name}: {{{written}}}".ljust(82) + f"  # {_HYPERPARAMETERS[name]}"


_HYPERPARAMETERS: Mapping[str, str] = {
    "eta": "share of each tree that counts",
    "max_depth": "levels of a tree",
    "min_child_weight": "rows, or their weight, that a leaf needs",
    "subsample": "share of the rows that a tree sees",
    "colsample_bytree": "share of the features that a tree sees",
    "gamma": "what a split must gain at least",
}

_SERVING = (
    "",
    "approval: manual  # automatic: a version that passes the gate goes live by itself",
    "",
    "validation:",
    f"  enabled: {str(Validation().enabled).lower()}  # true: a temporary endpoint must first give evaluate's answers",
    "",
    "deployment:",
    "  mode: serverless  # costs nothing while idle; real-time: instances that are always on",
    "  memory_mb: 2048",
    "  max_concurrency: 5",
)


def _monitoring(retrain: bool) -> Iterator[str]:
    monitoring = Monitoring()
    yield ""
    yield "monitoring:  # docs/monitoring.md"
    yield "  enabled: true  # what was captured is checked against the training data; each check is a small job"
    yield f"  every_hours: {monitoring.every_hours}  # 1, 2, 3, 4, 6, 8, 12 or 24"
    yield f"  min_records: {monitoring.min_records}  # below it, a check says nothing"
    yield "  response:"
    action = "retrain" if retrain else monitoring.response.action
    yield f"    action: {action}  # notify: a person is told; retrain: a run starts by itself, on the freshest data"
