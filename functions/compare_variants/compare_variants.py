"""The end of a trial: what CloudWatch and the captures tell of both variants, a decision, and the report."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from functions.compare_variants.evidence import Evidence, Reading
from functions.compare_variants.request import CompareRequest, Variant
from sluice.aws.hourly_files import HourlyFiles
from sluice.aws.objects import Objects
from sluice.aws.variant_metrics import VariantMetrics
from sluice.definition import Model
from sluice.definition.deployment import AbTest, Shadow
from sluice.naming import ModelPrefix
from sluice.trial.decision import LabelsSeen, QualityRule, Side, Verdict, judge_ab_test, judge_shadow
from sluice.trial.quality import Labelled, deciding_metric, quality_of

MOST_OF_A_REASON = 4000
"""Characters: it travels in an event."""


@dataclass(frozen=True)
class CompareVariants:
    objects: Objects
    metrics: VariantMetrics
    now: Callable[[], datetime]
    seconds_left: Callable[[], float]

    def handle(self, request: CompareRequest) -> dict[str, Any]:
        """The decision, its reason and where the report is: one a trial, however often it is asked for."""
        definition = Model.model_validate(self.objects.read_json(request.definition_uri))
        until = self.now()
        rules = request.rules(definition)
        evidence = Evidence(HourlyFiles(self.objects), request, definition, until, self.seconds_left)
        if isinstance(rules, AbTest):
            verdict, found = self._ab_test(request, rules, definition, evidence)
        else:
            verdict, found = self._shadow(request, rules, evidence)
        reason = _reason(verdict, evidence.reading)
        report = {
            **request.model_dump(mode="json", exclude={"policy"}),
            "ended_at": until.isoformat(timespec="seconds"),
            "policy": rules.model_dump(mode="json"),
            **found,
            "read": asdict(evidence.reading),
            **verdict.to_json(),
            "reason": reason,
        }
        key = f"{ModelPrefix(request.model).trials}{request.config_name}.json"
        self.objects.write(key, json.dumps(report, indent=1))
        return {"decision": verdict.decision, "reason": reason, "report_uri": f"s3://{self.objects.bucket}/{key}"}

    def _ab_test(
        self, request: CompareRequest, rules: AbTest, definition: Model, evidence: Evidence
    ) -> tuple[Verdict, dict[str, Any]]:
        labelled = evidence.labelled()
        champion, challenger = (
            self._side(request, variant, evidence.until, labelled[variant.variant])
            for variant in (request.champion, request.challenger)
        )
        seen = _labels_seen(evidence.reading)
        verdict = judge_ab_test(request.model, rules, _quality_rule(definition), champion, challenger, seen)
        return verdict, {"champion": asdict(champion), "challenger": asdict(challenger)}

    def _shadow(self, request: CompareRequest, rules: Shadow, evidence: Evidence) -> tuple[Verdict, dict[str, Any]]:
        agreement = evidence.pairs(rules.tolerance).agreement()
        champion, shadow = (
            self._side(request, variant, evidence.until) for variant in (request.champion, request.challenger)
        )
        verdict = judge_shadow(request.model, rules, agreement, champion, shadow)
        found = {"champion": asdict(champion), "challenger": asdict(shadow), "agreement": asdict(agreement)}
        return verdict, found

    def _side(
        self, request: CompareRequest, variant: Variant, until: datetime, labelled: Labelled | None = None
    ) -> Side:
        traffic = self.metrics.traffic(request.endpoint_name, variant.variant, request.started_at, until)
        if labelled is None:
            return Side(variant.version, variant.variant, traffic)
        return Side(variant.version, variant.variant, traffic, len(labelled), quality_of(labelled))


def _quality_rule(definition: Model) -> QualityRule:
    """The gate's accepted loss holds for its own metric only; a gain that it demands is no trial's business."""
    gate = definition.gate.champion
    metric = deciding_metric(definition.data.task, gate.metric if gate else None)
    accepted = max(0.0, -gate.minimum_gain) if gate and gate.metric == metric else 0.0
    return QualityRule(metric, accepted)


def _labels_seen(reading: Reading) -> LabelsSeen:
    return LabelsSeen(reading.cut_off is None, reading.unusable_labels, reading.unmatched_labels)


def _reason(verdict: Verdict, reading: Reading) -> str:
    told = verdict.reason
    if first := reading.unusable_label:
        where, lines = f"{first['file']}, line {first['line']}", _labels_seen(reading).unusable_lines
        told += f" To be corrected before the next trial: {lines}, the first is {where}: {first['reason']}."
    if reading.unreadable:
        told += f" {reading.unreadable:,} captured lines could not be read."
    if reading.cut_off:
        told += f" Of the captures {reading.cut_off}."
    return told if len(told) <= MOST_OF_A_REASON else f"{told[: MOST_OF_A_REASON - 1]}…"
