"""A captured record: SageMaker's format, and the same object from the same records."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sluice.inference.capture import Capture, Payload, capture_objects, capture_record, is_captured

AT = datetime(2026, 11, 21, 10, 59, 59, 250_000, tzinfo=UTC)
SENT = Payload("text/csv; charset=utf-8", "tenure,city\n1,Köln\n".encode())
ANSWERED = Payload("application/json", b'{"predictions": [{"probability": 0.5}]}')


def capture(event_id: str = "e-1", at: datetime = AT, **changes: Any) -> Capture:
    record = capture_record(SENT, ANSWERED, event_id, f"i-{event_id}", at)
    fields = {"model": "churn", "endpoint_name": "sluice-dev-churn", "variant": "AllTraffic", "record": record}
    return Capture(**{**fields, **changes})


def test_a_line_is_as_sagemaker_writes_it() -> None:
    assert json.loads(capture().line) == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "tenure,city\n1,Köln\n",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": '{"predictions": [{"probability": 0.5}]}',
                "encoding": "JSON",
            },
        },
        "eventMetadata": {"eventId": "e-1", "inferenceId": "i-e-1", "inferenceTime": "2026-11-21T10:59:59.250000Z"},
        "eventVersion": "0",
    }


@pytest.mark.parametrize(
    ("content_type", "encoding", "data"),
    [
        ("application/x-ndjson", "JSON", "\x00"),
        ("text/csv", "CSV", "\x00"),
        ("image/png", "BASE64", "AA=="),
        ("", "BASE64", "AA=="),
    ],
)
def test_what_is_no_text_is_kept_in_base64(content_type: str, encoding: str, data: str) -> None:
    captured = Payload(content_type, b"\x00").as_captured("OUTPUT")

    assert (captured["encoding"], captured["data"]) == (encoding, data)


def test_a_message_carries_the_whole_capture() -> None:
    assert Capture.from_message(capture().to_message()) == capture()
    assert Capture.from_message(capture().to_message()).line == capture().line


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "../other"},
        {"endpoint_name": "a/b"},
        {"endpoint_name": ""},
        {"variant": "../../up"},
        {"variant": "v6/"},
        {"record": {}},
    ],
)
def test_a_message_cannot_choose_another_place(changes: dict[str, Any]) -> None:
    message = {**json.loads(capture().to_message()), **changes}

    with pytest.raises(ValidationError):
        Capture.from_message(json.dumps(message))


def test_each_endpoint_variant_and_hour_has_an_object() -> None:
    captures = [
        capture("a"),
        capture("b", AT + timedelta(seconds=1)),
        capture("c", variant="v7"),
        capture("d", model="other", endpoint_name="sluice-dev-other"),
    ]

    folders = {
        made.key.rpartition("/")[0]: [one.event_id for one in made.captures] for made in capture_objects(captures)
    }

    root = "captures/churn/sluice-dev-churn"
    assert folders == {
        f"{root}/AllTraffic/2026/11/21/10": ["a"],
        f"{root}/AllTraffic/2026/11/21/11": ["b"],
        f"{root}/v7/2026/11/21/10": ["c"],
        "captures/other/sluice-dev-other/AllTraffic/2026/11/21/10": ["d"],
    }


def test_the_hour_is_utc_wherever_the_time_was_taken() -> None:
    from datetime import timezone

    east = AT.astimezone(timezone(timedelta(hours=9)))

    assert capture(at=east).hour == capture().hour


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12).flatmap(st.permutations))
def test_the_same_records_make_the_same_object_once(numbers: list[int]) -> None:
    """In whatever order, and however often the queue delivered them."""
    made = capture_objects(capture(f"e-{number}", AT - timedelta(seconds=number)) for number in numbers)
    sorted_once = capture_objects(
        capture(f"e-{number}", AT - timedelta(seconds=number)) for number in sorted(set(numbers))
    )

    assert [(one.key, one.body) for one in made] == [(one.key, one.body) for one in sorted_once]
    assert len(made[0].captures) == len(set(numbers))


def test_other_records_make_another_object() -> None:
    (one,), (two,), (both,) = (
        capture_objects(found) for found in ([capture("a")], [capture("b")], [capture("a"), capture("b")])
    )

    assert len({one.key, two.key, both.key}) == 3


def test_the_share_is_drawn_by_the_id() -> None:
    ids = [f"request-{number}" for number in range(5000)]

    assert not any(is_captured(one, 0) for one in ids)
    assert all(is_captured(one, 100) for one in ids)
    quarter = {one for one in ids if is_captured(one, 25)}
    assert 0.22 < len(quarter) / len(ids) < 0.28
    assert quarter == {one for one in ids if is_captured(one, 25)} <= {one for one in ids if is_captured(one, 26)}
