"""What the trained model must do, whatever its metrics are: invariance, direction, minimum functionality."""

import numpy as np
import pytest

import inference
from serving.artifact import Artifact
from tests.unit.training_code.tiny import Pipeline, score_rows


@pytest.fixture(scope="module")
def model(pipeline: Pipeline) -> Artifact:
    return inference.model_fn(str(pipeline.model))


def test_invariance_key_note_and_column_order_do_not_matter(model: Artifact):
    bodies = (
        "id,income,visits,city,note\nk1,3000,5,Ulm,a\n",
        "note,city,visits,income,id\nb,Ulm,5.0,3e3,k2\n",
    )
    answers = [inference.score_request(inference.read_request(body, "text/csv"), model).scores for body in bodies]
    assert answers[0] == answers[1]


def test_direction_more_visits_fewer_leave(model: Artifact):
    scores = [score_rows(model, [[3000, visits, city] for city in ("Ulm", "Bonn", None)]) for visits in (1, 8, 18)]
    assert np.all(scores[0] > scores[1] + 0.1)
    assert np.all(scores[1] > scores[2] + 0.1)


def test_minimum_functionality_clear_cases(model: Artifact):
    leaves, stays = score_rows(model, [[3000, 0, "Ulm"], [3000, 19, "Bonn"]])
    assert leaves > 0.9
    assert stays < 0.1


def test_a_row_of_missing_cells_gets_an_answer(model: Artifact):
    assert 0 < score_rows(model, [[None, None, None]])[0] < 1
