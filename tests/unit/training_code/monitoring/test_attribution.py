from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from codec.codec import MULTICLASS, encode_rows
from evaluation.artifacts import open_artifact
from monitoring.attribution import measure_attribution, ndcg
from monitoring.claims import Claim, judge
from monitoring.observed import Observed
from monitoring.reference import Attribution, Reference
from tests.unit.training_code.evaluation.models import make_model, raw_rows
from tests.unit.training_code.monitoring.versions import SETTINGS, draw, version


def test_ndcg_is_that_of_clarifys_documentation():
    """Its example: SAT score, GPA and class rank, whose order turned round."""
    assert ndcg(np.array([0.70, 0.50, 0.05]), np.array([0.10, 0.20, 0.70])) == pytest.approx(0.69, abs=0.005)


@given(st.lists(st.tuples(st.floats(0.001, 10), st.integers(0, 10**6)), min_size=2, unique_by=lambda pair: pair[1]))
def test_ndcg_is_scikit_learns(pairs: list[tuple[float, int]]):
    before, now = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    assert ndcg(before, now) == pytest.approx(ndcg_score([before], [now]))


@given(st.lists(st.floats(0.001, 10), min_size=1))
def test_the_same_order_is_1(values: list[float]):
    assert ndcg(np.array(values), 3 * np.array(values)) == pytest.approx(1)


def test_nothing_to_order_is_no_drift():
    assert ndcg(np.zeros(3), np.array([1.0, 2.0, 3.0])) == 1


def _measured(reference: Reference, rows: int = 500) -> tuple[dict[str, Any], list[Claim], dict[str, float]]:
    observed: Observed = version().window(draw(rows, 5))
    return measure_attribution(SETTINGS, reference, observed, version().artifact)


def _turned_round() -> Reference:
    weights = {"visits": 0.01, "income": 0.9, "city": 0.5}
    return replace(version().reference, attributions={name: Attribution(w, 0.0) for name, w in weights.items()})


def test_the_same_customers_are_judged_by_the_same_features():
    document, (claim,), means = _measured(version().reference)
    assert document["ndcg"] == pytest.approx(1, abs=0.01)
    assert not judge([claim], 0.01)[0].violated
    assert document["features"][0]["name"] == "visits"
    assert document["features"][0]["rank"] == document["features"][0]["baseline_rank"] == 1
    assert sum(found["share"] for found in document["features"]) == pytest.approx(1)
    assert set(means) == {"visits", "income", "city"}


def test_a_model_that_goes_by_other_features():
    document, (claim,), _ = _measured(_turned_round())
    (judged,) = judge([claim], 0.01)
    assert judged.violated
    assert document["ndcg"] < 0.9
    assert claim.check == "feature_attribution_drift_check"


def test_at_the_bound_itself_nothing_has_drifted():
    exactly = replace(SETTINGS, min_ndcg=_measured(_turned_round())[0]["ndcg"])
    observed = version().window(draw(500, 5))
    _, (claim,), _ = measure_attribution(exactly, _turned_round(), observed, version().artifact)
    assert claim.size < claim.bound


def test_too_few_rows_and_unknown_attributions_say_so():
    assert _measured(version().reference, 10)[0]["status"] == "not-enough-data"
    unknown, claims, _ = _measured(replace(version().reference, attributions={}))
    assert (unknown["status"], claims) == ("not-measured", [])
    assert unknown["reason"] == "What the features contributed on the test split is not known."


def test_of_several_classes_there_is_no_mean_with_a_sign(tmp_path: Path):
    artifact = open_artifact(make_model(tmp_path / "model", MULTICLASS))
    rows = raw_rows(MULTICLASS, 100, seed=4)
    sample = encode_rows(artifact.codec, [[row[name] for name in artifact.codec.names] for row in rows])
    attributions = dict.fromkeys(artifact.codec.names, Attribution(0.1, None))
    reference = replace(version().reference, task=MULTICLASS, attributions=attributions)
    observed = replace(version().window(draw(100, 1)), sample=sample)
    document, claims, means = measure_attribution(SETTINGS, reference, observed, artifact)
    assert (len(document["features"]), len(claims), means) == (3, 1, {})
