import json

import pytest

from functions.evaluate_gate.evaluate_gate import EvaluateGate
from functions.evaluate_gate.request import GateRequest
from sluice.errors import DefectError
from tests.definitions import definition
from tests.evaluations import BINARY, document, measurements
from tests.unit.functions.conftest import BUCKET, StageUnderTest

RUN = f"s3://{BUCKET}/models/churn/runs/r1/"
REQUEST = GateRequest(definition_uri=f"{RUN}definition/", evaluation_uri=f"{RUN}evaluation/")


def test_the_decision_is_answered_and_left_beside_the_evaluation(stage: StageUnderTest) -> None:
    stage.put("models/churn/runs/r1/definition/definition.json", definition().model_dump_json())
    stage.put(
        "models/churn/runs/r1/evaluation/evaluation.json", json.dumps(document(**{BINARY: measurements(auc=1.0)}))
    )

    answer = EvaluateGate(stage.objects).handle(REQUEST)

    assert answer["verdict"] == "needs-human"
    assert answer["summary"].startswith("auc is 1.0000, above 0.995: does a column hold what is to be predicted?")
    assert stage.objects.read_json(f"{RUN}evaluation/gate.json") == json.loads(json.dumps(answer))


def test_an_evaluate_step_that_left_nothing_is_our_defect(stage: StageUnderTest) -> None:
    with pytest.raises(DefectError, match=r"evaluation\.json does not exist"):
        EvaluateGate(stage.objects).handle(REQUEST)
