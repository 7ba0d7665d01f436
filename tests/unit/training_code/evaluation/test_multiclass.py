from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from evaluation import multiclass
from evaluation.bootstrap import Bootstrap
from evaluation.multiclass import NAMES, Multiclass

CLASSES = ("a", "b", "c", "never")


def _scored(count: int, classes: int = 3, seed: int = 0) -> tuple[Any, Any]:
    """Scores as a model's softmax gives them: 32-bit, each row's sum about 1."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, p=np.arange(1, classes + 1) / (classes * (classes + 1) / 2), size=count)
    logits = rng.normal(0, 1, (count, classes)) + 1.2 * (labels[:, None] == np.arange(classes))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels.astype(float), scores.astype(np.float32)


def _reference(labels: Any, scores: Any) -> dict[str, float]:
    predicted, classes = scores.argmax(axis=1), np.arange(scores.shape[1])
    wide = scores.astype(np.float64)
    found = {
        "accuracy": reference.accuracy_score(labels, predicted),
        "log_loss": reference.log_loss(labels, wide / wide.sum(axis=1, keepdims=True), labels=classes),
        "brier": reference.brier_score_loss(labels, wide / wide.sum(axis=1, keepdims=True), labels=classes),
    }
    for average in ("weighted", "macro"):
        of = {"average": average, "zero_division": 0}
        found[f"{average}_precision"] = reference.precision_score(labels, predicted, **of)
        found[f"{average}_recall"] = reference.recall_score(labels, predicted, **of)
        found[f"{average}_f1"] = reference.f1_score(labels, predicted, **of)
        area = np.average(
            [reference.roc_auc_score(labels == k, wide[:, k]) for k in classes if (labels == k).any()],
            weights=[(labels == k).sum() for k in classes if (labels == k).any()] if average == "weighted" else None,
        )
        found["auc" if average == "macro" else "weighted_auc"] = area
    return found


def _values(found: Any) -> dict[str, float]:
    return {name: metric["value"] for name, metric in found.items()}


@pytest.mark.parametrize(("count", "seed"), [(40, 1), (400, 2), (3000, 3)])
def test_each_metric_is_scikit_learns(count: int, seed: int):
    labels, scores = _scored(count, seed=seed)
    found = Multiclass(CLASSES[:3]).metrics(labels, scores, Bootstrap(2))
    assert _values(found) == pytest.approx(_reference(labels, scores), abs=1e-6)
    assert tuple(found) == NAMES


def test_a_class_that_never_occurs_counts_in_no_mean():
    labels, scores = _scored(300)
    wider = np.hstack([scores, np.zeros((300, 1), np.float32)])
    narrow = Multiclass(CLASSES[:3]).metrics(labels, scores, Bootstrap(2))
    assert _values(Multiclass(CLASSES).metrics(labels, wider, Bootstrap(2))) == pytest.approx(_values(narrow))


def test_a_test_set_of_one_class_has_no_area():
    labels, scores = np.zeros(5), np.tile(np.array([[0.7, 0.2, 0.1]], np.float32), (5, 1))
    found = Multiclass(CLASSES[:3]).metrics(labels, scores, Bootstrap(5))
    assert found["auc"] == {"value": None, "standard_deviation": None}
    assert (found["accuracy"]["value"], found["macro_recall"]["value"]) == (1, 1)


def test_deviations_are_those_of_resampling_row_by_row_and_seeded():
    labels, scores = _scored(400)
    rng = np.random.default_rng(3)
    slow = [_reference(labels[rows], scores[rows]) for rows in (rng.integers(400, size=400) for _ in range(200))]
    task = Multiclass(CLASSES[:3])
    found = task.metrics(labels, scores, Bootstrap(600))
    for name in NAMES:
        expected = np.std([one[name] for one in slow], ddof=1)
        assert found[name]["standard_deviation"] == pytest.approx(expected, rel=0.2), name
    assert task.metrics(labels, scores, Bootstrap(5)) == task.metrics(labels, scores, Bootstrap(5))


def test_a_large_test_set_has_the_deviations_of_its_size():
    """Four times the rows that one replicate draws: half the deviation."""
    rows = multiclass.REPLICATE_CELLS // 3
    small, large = (
        Multiclass(CLASSES[:3]).metrics(*_scored(count, seed=5), Bootstrap(100)) for count in (rows, 4 * rows)
    )
    for name in ("auc", "log_loss", "accuracy", "macro_f1"):
        expected = small[name]["standard_deviation"] / 2
        assert large[name]["standard_deviation"] == pytest.approx(expected, rel=0.3), name


def test_hundreds_of_classes_are_resampled_in_chunks_with_new_draws_in_each():
    confusion = np.eye(1000) * 3 + np.eye(1000, k=1)
    chunks = list(multiclass._resampled(confusion, Bootstrap(5)))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]
    assert all(chunk.sum() == len(chunk) * confusion.sum() for chunk in chunks)
    assert not np.array_equal(chunks[0], chunks[1])


def test_the_confusion_matrix_names_the_classes():
    scores = np.array([[0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.2, 0.7, 0.1]], np.float32)
    document = Multiclass(CLASSES[:3]).document(np.array([0.0, 1, 2]), scores, Bootstrap(2), curves=True)
    assert document["confusion_matrix"] == {
        "a": {"a": 1, "b": 0, "c": 0},
        "b": {"a": 0, "b": 1, "c": 0},
        "c": {"a": 0, "b": 1, "c": 0},
    }


def test_confusion_matrices_of_many_replicates_are_made_in_parts(monkeypatch: pytest.MonkeyPatch):
    labels, scores = _scored(50)
    sample = Multiclass(CLASSES[:3]).sample(labels, scores)
    (rows,) = Bootstrap(7).rows(50)
    at_once = sample.replicates(rows)
    monkeypatch.setattr(multiclass, "CHUNK_CELLS", 20)
    in_parts = sample.replicates(rows)
    assert {name: values.tolist() for name, values in in_parts.items()} == {n: v.tolist() for n, v in at_once.items()}
    assert all(values.shape == (7,) for values in in_parts.values())
