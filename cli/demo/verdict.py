"""What the gate decided and by which numbers, as the run left them in the bucket."""

from collections.abc import Mapping
from typing import Any

from cli.demo.findings import Deployed, Judged, Trained
from cli.demo.stages import Results, StageFailedError, Tell
from sluice.gate import metrics_key


def run(results: Results, tell: Tell) -> Judged:
    """Raises StageFailedError when the gate says fail: there is nothing to approve then."""
    trained = results.get(Trained)
    objects = results.get(Deployed).installation.objects
    folder = trained.plan["uris"]["evaluation"]
    decision = objects.read_json(f"{folder}gate.json")
    metrics = metrics_of(objects.read_json(f"{folder}evaluation.json"))
    if trained.package_arn is None:
        raise StageFailedError(f"run {trained.run_id} registered no version")
    judged = Judged(decision["verdict"], tuple(decision["checks"]), metrics, trained.package_arn)
    if judged.verdict != "pass":
        for line in judged.details:
            tell(line)
        results.add(judged)
        raise StageFailedError(f"the gate rejected the model: {decision['summary']}")
    return judged


def metrics_of(evaluation: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """The metrics that are one number; curves and the confusion matrix are in the report."""
    found = evaluation[metrics_key(evaluation)]
    return {
        name: metric
        for name, metric in found.items()
        # A class of the confusion matrix may be called "value".
        if name != "confusion_matrix" and isinstance(metric, dict) and "value" in metric
    }
