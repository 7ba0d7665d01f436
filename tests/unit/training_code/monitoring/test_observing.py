"""The same requests give the same Observed, in whatever files, order and processes they come."""

import csv
import json
import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.reference import read_reference
from tests.unit.training_code.monitoring.traffic import FEATURES, START, Check, ask, label_line, line, records, same
from tests.unit.training_code.tiny import Pipeline


def mixed_traffic(pipeline: Pipeline, seed: int) -> list[str]:
    """Requests of several rows and kinds, late ones and those of other versions, unreadable ones, and twins."""
    rows, draw = records(pipeline, 240), random.Random(seed)
    lines = []
    for at in range(120):
        sent = json.dumps(rows[at : at + 1 + at % 3])
        answered = ask(pipeline, sent)
        version = 5 if at % 17 == 0 else 6
        answered = json.dumps({**json.loads(answered), "model_version": version}) if at % 11 else None
        moment = START + timedelta(minutes=draw.randrange(-90, 70))
        lines.append(line(f"e{at}", "nonsense" if at % 23 == 5 else sent, answered, moment))
    return [*lines, *draw.choices(lines, k=30), "{}", "no JSON"]


def put_partition(check: Check, lines: list[str], parts: int) -> None:
    for left in check.folder.glob("captures/*"):
        left.unlink()
    for at in range(parts):
        check.put(f"captures/{at}.jsonl", lines[at::parts])


@settings(max_examples=8)
@given(seed=st.integers(0, 3), parts=st.integers(1, 5), order=st.randoms(use_true_random=False))
def test_order_and_files_do_not_matter(
    sliced: Pipeline, tmp_path_factory: pytest.TempPathFactory, seed: int, parts: int, order: random.Random
) -> None:
    check = Check(sliced, tmp_path_factory.mktemp("check"))
    lines = mixed_traffic(sliced, seed)
    check.put(
        "ground-truth/a.jsonl", [label_line(f"e{at}", "\n".join(["Yes"] * (1 + at % 3))) for at in range(0, 120, 4)]
    )
    put_partition(check, lines, 1)
    expected = check.observe()
    order.shuffle(lines)
    put_partition(check, lines, parts)

    found = check.observe()

    assert expected.requests > 40
    assert expected.duplicates == 30
    assert expected.truth.requests > 5
    # Where an unreadable line stands is another place now.
    assert found.unreadable.count == expected.unreadable.count
    different = [
        name
        for name in expected.__dataclass_fields__
        if name != "unreadable" and not same(getattr(found, name), getattr(expected, name))
    ]
    assert different == []


def test_two_processes_find_what_one_finds(check: Check) -> None:
    put_partition(check, mixed_traffic(check.pipeline, 1), 6)
    check.put("earlier/a.jsonl", mixed_traffic(check.pipeline, 1)[:10])
    check.put("ground-truth/a.csv", ["event_id,row,label", *(f"e{at},1,Yes" for at in range(100))])
    one = check.observe(processes=1)
    labelled = sorted((check.folder / "labelled.csv").read_text("utf-8").splitlines())

    two = check.observe(processes=2, group_bytes=1)

    assert same(one, two)
    assert sorted((check.folder / "labelled.csv").read_text("utf-8").splitlines()) == labelled
    assert one.truth.requests > 20


def test_the_training_rows_as_traffic_are_counted_as_preprocess_counted_them(check: Check) -> None:
    reference = read_reference(check.pipeline.output / "baseline", check.pipeline.output / "evaluation")
    city = check.pipeline.read("codec/features.json")["features"][2]
    levels = [*city["levels"], "Rareville"]
    with (check.pipeline.output / "train" / "train.csv").open(encoding="utf-8") as stream:
        rows = [(income, visits, levels[int(code)]) for _, income, visits, code in csv.reader(stream)]
    sent = [json.dumps(dict(zip(FEATURES, row, strict=True))) for row in rows]
    check.put("captures/a.jsonl", [line(f"e{at}", row, None) for at, row in enumerate(sent)])

    observed = check.observe()

    assert observed.rows == observed.unanswered == reference.rows
    for name in ("income", "visits"):
        found, trained = observed.features[name], reference.features[name]
        assert same(found.counts, trained.counts), name
        assert (found.missing, found.below, found.above, found.whole) == (trained.missing, 0, 0, trained.whole)
        assert (found.minimum, found.maximum) == (trained.minimum, trained.maximum)
        assert (found.mean, found.deviation) == pytest.approx((trained.mean, trained.deviation), rel=1e-12)
    assert observed.features["city"].counts == reference.features["city"].counts
