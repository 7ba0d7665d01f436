"""The JSONPath of batch transform's filters."""

from typing import Any

import pytest

from localcloud.sagemaker.transform.paths import PathError, parse

ROW = ["id", "a", "b", "c", "0.5"]
DOCUMENT = {"id": 7, "features": [1, 2], "nested": {"x": 1, "y": {"z": 2}}, "SageMakerOutput": 0.5}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("$", ROW, ROW),
        ("$[1:]", ROW, ["a", "b", "c", "0.5"]),
        ("$[0,-1]", ROW, ["id", "0.5"]),
        ("$[0,3:]", ROW, ["id", "c", "0.5"]),
        ("$[:-1]", ROW, ["id", "a", "b", "c"]),
        ("$[2]", ROW, "b"),
        ("$[*]", ROW, ROW),
        ("$.features", DOCUMENT, [1, 2]),
        ("$.features[1]", DOCUMENT, 2),
        ("$['id','SageMakerOutput']", DOCUMENT, {"id": 7, "SageMakerOutput": 0.5}),
        ("$.nested.['x']", DOCUMENT, 1),
        ("$.nested.y.z", DOCUMENT, 2),
        ("$.nested.*", DOCUMENT, [1, {"z": 2}]),
    ],
)
def test_what_a_path_takes(path: str, value: Any, expected: Any) -> None:
    assert parse(path).select(value) == expected


@pytest.mark.parametrize("path", ["features", "$..x", "$[?(@.a)]", "$[0:4:2]", "$[1", "$.", "$['a',0]"])
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(PathError):
        parse(path)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("$[5]", ROW, "index 5 is outside of 5 items"),
        ("$.score", DOCUMENT, "there is no 'score'"),
        ("$.id.x", DOCUMENT, "in what is no object"),
        ("$[0]", DOCUMENT, "in what is no array"),
    ],
)
def test_what_is_not_there_is_said(path: str, value: Any, said: str) -> None:
    with pytest.raises(PathError, match=said):
        parse(path).select(value)
