"""Drift of production: what a check found, and what follows from it. Pure."""

from sluice.drift.findings import (
    FeatureFigures,
    Findings,
    MonitorKind,
    ReportError,
    Violation,
    model_monitor_findings,
    read_findings,
)
from sluice.drift.response import Checked, Decision, Item, Situation, decide
from sluice.drift.retrains import LEAST_LABELLED_ROWS, Obstacle, Refusal, TrainingData, refusal

__all__ = [
    "LEAST_LABELLED_ROWS",
    "Checked",
    "Decision",
    "FeatureFigures",
    "Findings",
    "Item",
    "MonitorKind",
    "Obstacle",
    "Refusal",
    "ReportError",
    "Situation",
    "TrainingData",
    "Violation",
    "decide",
    "model_monitor_findings",
    "read_findings",
    "refusal",
]
