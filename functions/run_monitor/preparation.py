"""What a check's job reads, put into the bucket: the plan, the definition, and which objects hold the traffic."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any

from sluice.aws.checks import Check, Checks
from sluice.aws.hourly_files import HourlyFiles
from sluice.aws.objects import ObjectMissingError, Objects, ObjectTooLargeError
from sluice.aws.registry import Package
from sluice.aws.variant_metrics import VariantMetrics
from sluice.definition import Model
from sluice.events import CheckRequested
from sluice.monitoring.check import ENGINE, TREND_LENGTH, CheckNames, Subject, plan_document
from sluice.monitoring.inputs import Before, CheckInputs, Stored, choose_inputs, hours_read, listed_in, manifest
from sluice.monitoring.job import VersionFiles, job_request
from sluice.monitoring.window import Window
from sluice.naming import SINGLE_VARIANT, ModelPrefix, variant_of
from sluice.plan import Surroundings, definition_document

_LOOKED_THROUGH = 200
"""Earlier checks: eight days of hourly ones."""
_KNOWN = "known"
_STARTS_AND_ENDS = timedelta(minutes=10)
"""What a check takes beside its job's own time: SageMaker's start of the job, and the events after it."""
_LONGEST_MANIFEST = 32 * 1024 * 1024
"""Bytes: about 400,000 objects."""


@dataclass(frozen=True)
class Preparation:
    surroundings: Surroundings
    objects: Objects
    checks: Checks
    metrics: VariantMetrics

    def earlier(self, names: CheckNames, subject: Subject, window: Window, definition: Model) -> Sequence[Check]:
        """The newest first. What failed has looked at nothing: its hours are the next one's. So are those of a check
        that should have ended by now: its job was never accepted, or nobody heard of its end."""
        overdue = window.end - timedelta(seconds=definition.monitoring.max_run_seconds) - _STARTS_AND_ENDS

        def is_lost(check: Check) -> bool:
            return check.status == "FAILED" or (check.status == "RUNNING" and check.started_at < overdue)

        return [
            check
            for check in self.checks.newest_of(subject.source, names.model, limit=_LOOKED_THROUGH)
            if check.source == subject.endpoint_name and not is_lost(check) and check.window_end < window.end
        ]

    def inputs(
        self,
        names: CheckNames,
        subject: Subject,
        window: Window,
        definition: Model,
        at: datetime,
        earlier: Iterable[Check],
    ) -> CheckInputs:
        """What there is to check, `at` this moment."""
        before = _check_before(window, earlier)
        read = hours_read(window, definition.monitoring.lateness_hours)
        prefix = ModelPrefix(names.model)
        labels = HourlyFiles(self.objects).stored(prefix.ground_truth, read.start, at)
        return choose_inputs(window, self._captured(names, subject, read), labels, self._looked_at(before))

    def write(
        self,
        names: CheckNames,
        subject: Subject,
        window: Window,
        inputs: CheckInputs,
        package: Package,
        definition: Model,
        event: CheckRequested,
        earlier: Iterable[Check],
    ) -> dict[str, Any]:
        """Answers with CreateProcessingJob's request."""
        plan = plan_document(
            names,
            subject,
            window,
            definition.monitoring.lateness_hours,
            event.asked_at,
            event.detail.requested_by,
            [key.removeprefix(ModelPrefix(names.model).ground_truth) for key in inputs.ground_truth],
            inputs.new_labels,
            self._operations(subject, window),
            _history(subject, earlier),
        )
        manifests = dict(self._write_manifests(names, subject, inputs))
        request = job_request(
            names, plan["report_prefix"], files_of(package), manifests, definition.monitoring, self.surroundings
        )
        self.objects.write(names.definition, definition_document(definition))
        self.objects.write(names.plan, json.dumps(plan, indent=1))
        self.objects.write(names.request, json.dumps(request, indent=1))
        return request

    def written(self, names: CheckNames) -> Any:
        """The request as it was asked for before."""
        return json.loads(self.objects.read(names.request))

    def _captured(self, names: CheckNames, subject: Subject, read: Window) -> Iterator[Stored]:
        """The live version's variant has its number while another one is on trial beside it."""
        variants = (SINGLE_VARIANT, variant_of(subject.package.version))
        prefix = f"{ModelPrefix(names.model).captures}{subject.endpoint_name}/"
        last = read.end - timedelta(microseconds=1)
        files = HourlyFiles(self.objects)
        return chain.from_iterable(files.stored(f"{prefix}{one}/", read.start, last) for one in variants)

    def _looked_at(self, check: Check | None) -> Before | None:
        if check is None:
            return None
        names = CheckNames(self.surroundings.stage, check.model, check.check_id)
        at = check.started_at.replace(microsecond=0)  # S3 knows seconds
        try:
            return Before(at, self._listed(names, "captures") | self._listed(names, _KNOWN))
        except ObjectTooLargeError:
            return Before(at)

    def _listed(self, names: CheckNames, name: str) -> frozenset[str]:
        """An input without objects has no manifest."""
        try:
            return listed_in(self.objects.read_at_most(names.manifest(name), _LONGEST_MANIFEST))
        except ObjectMissingError:
            return frozenset()

    def _operations(self, subject: Subject, window: Window) -> dict[str, Any] | None:
        """None where nothing of it is this version's alone: a batch has no endpoint, and a shared one has others'."""
        if subject.source == "batch" or subject.mode == "multi-model":
            return None
        variants = (SINGLE_VARIANT, variant_of(subject.package.version))
        found = self.metrics.operations(
            subject.endpoint_name, variants, window.start, window.end, subject.mode == "serverless"
        )
        return found.to_json()

    def _write_manifests(self, names: CheckNames, subject: Subject, inputs: CheckInputs) -> Iterable[tuple[str, str]]:
        """The key of each input's manifest, by the input's name. An input without objects is left out.

        What is known besides is written for the next check, and no input.
        """
        prefix = ModelPrefix(names.model)
        captures = prefix.batch_out if subject.source == "batch" else f"{prefix.captures}{subject.endpoint_name}/"
        wanted = (
            ("captures", captures, inputs.captures),
            ("earlier", captures, inputs.earlier),
            ("ground-truth", prefix.ground_truth, inputs.ground_truth),
        )
        for name, below, keys in wanted:
            if keys:
                self.objects.write(names.manifest(name), manifest(self.objects.bucket, below, keys))
                yield name, names.manifest(name)
        if inputs.known:
            self.objects.write(names.manifest(_KNOWN), manifest(self.objects.bucket, captures, inputs.known))


def has_reference(package: Package) -> bool:
    """A version that was registered before monitoring existed left nothing to compare with."""
    return None not in (package.baseline_uri, package.evaluation_uri, package.quality_constraints_uri)


def files_of(package: Package) -> VersionFiles:
    """reference.json lies beside the statistics and beside the evaluation."""
    if package.baseline_uri is None or package.evaluation_uri is None:
        raise ValueError(f"{package.ref.arn} has no reference")
    baseline, evaluation = (uri.rpartition("/")[0] for uri in (package.baseline_uri, package.evaluation_uri))
    return VersionFiles(f"{baseline}/", f"{evaluation}/reference.json", package.model_uri)


def _check_before(window: Window, earlier: Iterable[Check]) -> Check | None:
    """A check of whole hours goes on from the one before it, whatever a person looked at in between.

    What Model Monitor found in these hours is why our own job looks at them: it has counted nothing of them.
    """
    for check in earlier:
        looked_at = Window(check.window_start, check.window_end)
        is_why = check.engine != ENGINE and looked_at.end > window.start
        if not is_why and (looked_at.is_whole_hours or not window.is_whole_hours):
            return check
    return None


def _history(subject: Subject, earlier: Iterable[Check]) -> Sequence[dict[str, Any]]:
    """Of this version: another one's distances are to another baseline."""
    judged = (check for check in earlier if check.version == subject.package.version and check.verdict is not None)
    return [_figures(check) for check in islice(judged, TREND_LENGTH)][::-1]


def _figures(check: Check) -> dict[str, Any]:
    violations = [
        {"dimension": one.get("dimension"), "feature_name": one.get("feature_name") or one.get("metric_name")}
        for one in check.violations
    ]
    return {
        "features": {},
        **check.figures,
        "check_id": check.check_id,
        "end": check.window_end.isoformat(),
        "verdict": check.verdict,
        "violations": violations,
    }
