"""Of many labelled rows a sample is held, the same one however they come, and all are counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.observed import Truths
from monitoring.truths import TruthTally
from tests.unit.training_code.monitoring.traffic import Check, label_line, same, simple_line

ROWS, MOST = 300, 40


def _tally(at: np.ndarray, classes: int = 1) -> TruthTally:
    """Of the rows at these places."""
    rng = np.random.default_rng(5)
    keys, labels = rng.integers(0, 1 << 64, ROWS, dtype=np.uint64), rng.integers(0, 2, ROWS).astype(np.float64)
    scores = rng.random((ROWS, classes), dtype=np.float32).astype(np.float64)
    scores = scores[:, 0] if classes == 1 else scores
    tally = TruthTally(classes, MOST)
    for part in np.array_split(at, 7):
        tally.add(keys[part], labels[part], scores[part], part)
    tally.requests = len(at)
    return tally


def _truths(*parts: np.ndarray) -> Truths:
    first, *rest = (_tally(part) for part in parts)
    for part in rest:
        first.join(part)
    return first.truths(has_classes=True)


@settings(max_examples=20)
@given(order=st.permutations(range(ROWS)), cut=st.integers(0, ROWS))
def test_in_any_order_and_parts_the_sample_is_the_same(order: list[int], cut: int) -> None:
    expected, mixed = _truths(np.arange(ROWS)), np.array(order)

    assert same(_truths(mixed[:cut], mixed[cut:]), expected)
    assert (expected.rows, len(expected.labels), expected.left_out) == (ROWS, MOST, ROWS - MOST)


def test_the_rows_with_the_lowest_keys_are_held_with_what_is_theirs() -> None:
    keys = np.random.default_rng(5).integers(0, 1 << 64, ROWS, dtype=np.uint64)

    assert _truths(np.arange(ROWS)).predicted.tolist() == np.argsort(keys)[:MOST].tolist()


@pytest.mark.parametrize(("classes", "held"), [(1, MOST), (3, MOST * 24 // 32), (100, MOST * 24 // 420)])
def test_where_a_row_has_many_scores_fewer_rows_are_held(classes: int, held: int) -> None:
    assert len(_tally(np.arange(ROWS), classes).truths(has_classes=True).labels) == held


def test_up_to_the_bound_every_row_is_held() -> None:
    truths = _truths(np.arange(MOST))

    assert (truths.rows, len(truths.labels), truths.left_out) == (MOST, MOST, 0)


def test_a_check_counts_all_labels_and_measures_the_same_sample_in_any_number_of_processes(check: Check) -> None:
    for part in range(4):
        record = {"income": 2000 + part, "visits": 3, "city": "Ulm"}
        check.put(f"captures/{part}.jsonl", [simple_line(f"e{part}-{at}", record) for at in range(20)])
    ids = [f"e{part}-{at}" for part in range(4) for at in range(20)]
    check.put("ground-truth/a.jsonl", [label_line(one, "Yes" if at % 3 else "No") for at, one in enumerate(ids)])

    one = check.observe(measured_rows=30)
    two = check.observe(measured_rows=30, processes=2, group_bytes=1)

    assert same(one, two)
    assert (one.truth.requests, one.truth.rows, len(one.truth.labels)) == (80, 80, 30)
    assert sum(part.labelled for place, part in one.slices.items() if place[0] == "city") == 80
