"""The gate: may this challenger be approved? Pure: the evaluation's numbers and the policy in, a decision out.

One module per question that it asks; `decision` asks them all.
"""

from sluice.gate.check import Check, OnFailure, Outcome
from sluice.gate.decision import GateDecision, Verdict, decide
from sluice.gate.evaluation import SHOWN_METRICS, Evaluation, metrics_key
from sluice.gate.wording import measured

__all__ = [
    "SHOWN_METRICS",
    "Check",
    "Evaluation",
    "GateDecision",
    "OnFailure",
    "Outcome",
    "Verdict",
    "decide",
    "measured",
    "metrics_key",
]
