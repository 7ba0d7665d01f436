import pytest

from serving.bad_request import BadRequest
from serving.media_types import CSV, JSON, JSON_LINES, Wanted, content_kind, wanted


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        *[(None, JSON), ("", JSON), ("Application/JSON; charset=utf-8", JSON), ("text/csv;header=present", CSV)],
        *[
            ("application/jsonlines", JSON_LINES),
            ("application/x-ndjson", JSON_LINES),
            ("application/jsonl", JSON_LINES),
        ],
    ],
)
def test_content_types(header: str | None, kind: str):
    assert content_kind(header) == kind


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Wanted(JSON, JSON, None, False)),
        ("text/html, application/json;q=0.9", Wanted(JSON, JSON, None, False)),
        ("*/*; output=label", Wanted(JSON, JSON, "label", False)),
        ("text/*", Wanted(CSV, CSV, None, False)),
        ('text/csv; Output="both" ; contributions=TRUE', Wanted(CSV, CSV, "both", True)),
        ("application/x-ndjson;contributions=false", Wanted(JSON_LINES, "application/x-ndjson", None, False)),
        ("image/png;output=x, text/csv", Wanted(CSV, CSV, None, False)),
    ],
)
def test_accept(header: str | None, expected: Wanted):
    assert wanted(header) == expected


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (
            "image/png",
            "Accept 'image/png' is not supported: ask for text/csv, application/json or application/jsonlines",
        ),
        ("text/csv; shap=true", "the parameter 'shap', which is not known: give output or contributions"),
        ("text/csv; output=score", "output='score', which is not known: give probability, label, both"),
        ("text/csv; output", "output='', which is not known"),
        ("text/csv; output=label; output=both", "output twice"),
    ],
)
def test_what_cannot_be_answered(header: str, sentence: str):
    with pytest.raises(BadRequest, match=sentence):
        wanted(header)
