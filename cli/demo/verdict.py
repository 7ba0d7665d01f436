"""What the gate decided and by which numbers, as the run left them in the bucket."""

from cli.demo.findings import Dataset, Deployed, Judged, Trained
from cli.demo.stages import Results, StageFailedError, Tell
from cli.evaluation_numbers import decision_threshold, metrics_of
from cli.gate_reasons import FAIL, ordered_checks


def run(results: Results, tell: Tell) -> Judged:
    """Raises StageFailedError when the gate says fail: there is nothing to approve then. Whatever it leaves to a
    person is told, and the demo's approver decides."""
    trained = results.get(Trained)
    objects = results.get(Deployed).installation.objects
    folder = trained.plan["uris"]["evaluation"]
    decision = objects.read_json(f"{folder}gate.json")
    evaluation = objects.read_json(f"{folder}evaluation.json")
    if trained.package_arn is None:
        raise StageFailedError(f"run {trained.run_id} registered no version")
    judged = Judged(
        verdict=decision["verdict"],
        checks=tuple(ordered_checks(decision)),
        metrics=metrics_of(evaluation),
        package_arn=trained.package_arn,
        threshold=decision_threshold(evaluation),
        positive=results.get(Dataset).definition.data.positive_label,
    )
    if judged.verdict == FAIL:
        for line in judged.details:
            tell(line)
        results.add(judged)
        raise StageFailedError(f"the gate rejected the model: {decision['summary']}")
    return judged
