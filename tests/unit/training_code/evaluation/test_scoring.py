import json
from pathlib import Path

import numpy as np
import pytest

from codec.codec import BINARY, MULTICLASS, REGRESSION
from evaluation.artifacts import open_artifact
from evaluation.holdout import BLOCK_BYTES
from evaluation.scoring import GOLDEN_RECORDS, open_champion, score_holdout
from job import BadData
from tests.unit.training_code.evaluation.models import (
    CLASSES,
    Trained,
    make_model,
    make_trained,
    tiny_codec,
    write_holdout,
)
from tests.unit.training_code.tiny import score_rows

TASKS = (BINARY, MULTICLASS, REGRESSION)


@pytest.fixture(params=TASKS)
def trained(request: pytest.FixtureRequest, tmp_path: Path) -> Trained:
    return make_trained(tmp_path, request.param)


def test_scores_are_those_of_serving_bit_for_bit(trained: Trained):
    artifact = open_artifact(trained.model)
    found = score_holdout(trained.holdout, artifact, None, {})
    served = score_rows(artifact, [[row[name] for name in trained.codec.names] for row in trained.rows])
    assert found.scores.dtype == np.float32
    assert np.array_equal(found.scores, served)
    one_by_one = [score_rows(artifact, [[row[name] for name in trained.codec.names]])[0] for row in trained.rows[:20]]
    assert np.array_equal(found.scores[:20], np.array(one_by_one))


def test_shards_and_one_file_score_the_same(trained: Trained, tmp_path: Path):
    shards = tmp_path / "shards"
    write_holdout(shards, trained.rows[:150], "holdout-algo-1.csv")
    write_holdout(shards, trained.rows[150:], "holdout-algo-2.csv")
    artifact = open_artifact(trained.model)
    whole, parts = (score_holdout(folder, artifact, None, {}) for folder in (trained.holdout, shards))
    assert np.array_equal(whole.scores, parts.scores)
    assert np.array_equal(whole.labels, parts.labels)
    assert whole.records == parts.records == [{k: v for k, v in row.items() if k != "y"} for row in trained.rows[:100]]


def test_golden_records_come_from_as_many_batches_as_they_need(tmp_path: Path):
    trained = make_trained(tmp_path, BINARY)
    for number in range(0, 120, 8):
        write_holdout(tmp_path / "shards", trained.rows[number : number + 8], f"holdout-{number:03d}.csv")
    found = score_holdout(tmp_path / "shards", open_artifact(trained.model), None, {})
    assert [record["id"] for record in found.records] == [row["id"] for row in trained.rows[:GOLDEN_RECORDS]]


def test_a_bad_cell_behind_the_first_batch_is_named_by_its_row_in_the_file(tmp_path: Path):
    trained = make_trained(tmp_path, BINARY)
    rows = [{**trained.rows[0], "plan": "p" * 20_000} for _ in range(2 * BLOCK_BYTES // 20_000)]
    rows[-2] = {**rows[-2], "visits": "many"}
    write_holdout(trained.holdout, rows)
    with pytest.raises(BadData, match=rf"holdout\.csv, row {len(rows) - 1}, column 'visits': 'many' is not a number"):
        score_holdout(trained.holdout, open_artifact(trained.model), None, {})


@pytest.mark.parametrize(
    ("task", "label", "sentence"),
    [
        (BINARY, "maybe", "row 2, column 'y': 'maybe' is neither 'Yes' nor 'No'"),
        (MULTICLASS, "", "row 2, column 'y': '' is none of the classes 'high', 'low', 'mid'"),
        (REGRESSION, "ten", "row 2, column 'y': 'ten' is not a number"),
        (REGRESSION, "", "row 2, column 'y': '' is not a number"),
        (REGRESSION, "inf", "row 2, column 'y': 'inf' is not a number"),
    ],
)
def test_a_label_that_is_none_is_named(tmp_path: Path, task: str, label: str, sentence: str):
    trained = make_trained(tmp_path, task)
    write_holdout(trained.holdout, [trained.rows[0], {**trained.rows[1], "y": label}])
    with pytest.raises(BadData, match=sentence):
        score_holdout(trained.holdout, open_artifact(trained.model), None, {})


def test_labels_are_read_as_the_codec_reads_them(tmp_path: Path):
    trained = make_trained(tmp_path, REGRESSION)
    write_holdout(trained.holdout, [{**trained.rows[0], "y": text} for text in (" 1.5 ", "+2", "1e3")])
    found = score_holdout(trained.holdout, open_artifact(trained.model), None, {})
    assert found.labels.tolist() == [1.5, 2, 1000]


def test_a_champion_of_other_classes_is_compared_by_name(tmp_path: Path):
    """It knows "top" and not "high": what it says of "high" rows is wrong, with probability 0."""
    trained = make_trained(tmp_path, MULTICLASS)
    codec = tiny_codec(MULTICLASS, ("low", "mid", "high", "top"))
    make_model(tmp_path / "champion", MULTICLASS, codec)
    (tmp_path / "champion" / "features.json").write_text(
        (tmp_path / "champion" / "features.json").read_text().replace('"high"', '"older"')
    )
    challenger = open_artifact(trained.model)
    champion = open_champion(tmp_path / "champion", "arn", challenger.codec.target)
    score_holdout(trained.holdout, challenger, champion, {})
    assert champion is not None
    assert champion.scorer is not None
    scores = champion.scores_for(challenger.codec.target)
    own = champion.scorer.scores
    assert CLASSES[MULTICLASS] == ("high", "low", "mid")
    assert np.array_equal(scores, np.stack([np.zeros(400), own[:, 0], own[:, 1], own[:, 2], own[:, 3]], axis=1))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"task": "regression", "classes": []}, "is of the task regression, this model of binary"),
        ({"name": "z"}, "predicts the column 'z', this model 'y'"),
        ({"classes": ["Yes", "No"]}, "tells 'No' from 'Yes', this model 'Yes' from 'No'"),
    ],
)
def test_a_champion_that_answers_another_question_is_an_error_text(tmp_path: Path, change: dict, sentence: str):
    trained = make_trained(tmp_path, BINARY)
    path = make_model(tmp_path / "champion", BINARY) / "features.json"
    document = json.loads(path.read_text())
    document["target"] |= change
    path.write_text(json.dumps(document))
    champion = open_champion(tmp_path / "champion", "arn", trained.codec.target)
    assert champion is not None
    assert champion.scorer is None
    assert sentence in str(champion.error)


def test_a_champion_that_fails_in_a_later_batch_leaves_the_challenger_alone(tmp_path: Path):
    """It takes "plan" for a number, and the first shard holds none."""
    trained = make_trained(tmp_path, BINARY)
    path = make_model(tmp_path / "champion", BINARY) / "features.json"
    path.write_text(path.read_text().replace('"visits"', '"plan"'))
    shards = tmp_path / "shards"
    write_holdout(shards, [{**row, "plan": ""} for row in trained.rows[:9]], "holdout-1.csv")
    write_holdout(shards, trained.rows[9:], "holdout-2.csv")
    champion = open_champion(tmp_path / "champion", "arn", trained.codec.target)
    found = score_holdout(shards, open_artifact(trained.model), champion, {})
    assert len(found.scores) == 400
    assert champion is not None
    assert champion.scorer is None
    assert "holdout-2.csv, row 1, column 'plan': 'plan 9' is not a number" in str(champion.error)


@pytest.mark.parametrize(
    ("model", "codec", "sentence"),
    [
        (MULTICLASS, BINARY, r"shape \(400, 3\) to 400 rows, features\.json says binary"),
        (BINARY, MULTICLASS, r"shape \(400,\) to 400 rows, features\.json says multiclass with 3 classes"),
    ],
)
def test_a_model_and_a_codec_of_different_tasks(tmp_path: Path, model: str, codec: str, sentence: str):
    trained = make_trained(tmp_path, codec)
    make_model(tmp_path / "other", model)
    (trained.model / "model.ubj").write_bytes((tmp_path / "other" / "model.ubj").read_bytes())
    with pytest.raises(BadData, match=sentence):
        score_holdout(trained.holdout, open_artifact(trained.model), None, {})


@pytest.mark.parametrize("training", ["[]", '{"threshold": "high"}', "{"])
def test_a_training_json_that_is_none_makes_the_artifact_unreadable(tmp_path: Path, training: str):
    trained = make_trained(tmp_path, BINARY)
    (trained.model / "training.json").write_text(training)
    with pytest.raises(BadData, match="cannot be read"):
        open_artifact(trained.model)
