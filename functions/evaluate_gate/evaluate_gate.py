"""Reads what the evaluate step measured, decides, and leaves the decision beside it."""

import json
from dataclasses import dataclass
from typing import Any

from functions.evaluate_gate.request import GateRequest
from sluice.aws.objects import ObjectMissingError, Objects, key_of
from sluice.definition import Model
from sluice.errors import DefectError
from sluice.gate import Evaluation, decide


@dataclass(frozen=True)
class EvaluateGate:
    objects: Objects

    def handle(self, request: GateRequest) -> dict[str, Any]:
        """The gate's decision. Raises DefectError when the evaluate step left no evaluation."""
        try:
            document = self.objects.read_json(f"{request.evaluation_uri}evaluation.json")
        except ObjectMissingError as error:
            raise DefectError(f"the evaluate step succeeded without writing its result: {error}") from None
        definition = Model.model_validate(self.objects.read_json(f"{request.definition_uri}definition.json"))
        decision = decide(Evaluation.from_json(document), definition.gate).to_json()
        self.objects.write(f"{key_of(request.evaluation_uri)}gate.json", json.dumps(decision, indent=2))
        return decision
