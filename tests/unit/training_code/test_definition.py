import json
from pathlib import Path
from typing import Any

import pytest

from definition import Split, parse_definition, read_definition
from job import BadData
from tests.unit.training_code.tiny import definition_document, write_definition


def test_reads_a_file_or_the_folder_that_holds_it(tmp_path: Path):
    file = write_definition(tmp_path / "definition.json")
    assert read_definition(file) == read_definition(tmp_path)


def test_columns_by_role():
    definition = parse_definition(definition_document())
    assert definition.required_columns == ("left", "income", "visits", "city", "id")
    assert set(definition.columns) - set(definition.required_columns) == {"note"}


def test_columns_that_evaluate_groups_by_must_be_there():
    definition = parse_definition({**definition_document(), "evaluation": {"slices": ["note", "city"]}})
    assert definition.required_columns == ("left", "income", "visits", "city", "id", "note")


def test_what_is_absent_has_the_platforms_defaults():
    data = {"target": "y", "positive_label": 1, "features": {"a": {"type": "numeric"}}}
    definition = parse_definition({"data": data})
    assert (definition.split, definition.key, definition.positive_label) == (Split(0.7, 0.2, 0.1, 42), None, "1")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"target": None}, "lacks data.target"),
        ({"positive_label": ""}, "lacks data.positive_label"),
        ({"features": {}}, "lacks data.features"),
        ({"features": {"a": {"type": "text"}}}, "data.features.a.type is 'text'.*numeric or categorical"),
        ({"split": {"train": 0.7, "validation": 0.2, "test": 0.2}}, "do not sum to 1"),
    ],
)
def test_says_what_is_wrong_and_where(change: dict[str, Any], sentence: str):
    with pytest.raises(BadData, match=sentence):
        parse_definition(definition_document(**change))


def test_zero_is_a_label():
    assert parse_definition(definition_document(positive_label=0)).positive_label == "0"


def test_no_file_and_no_json(tmp_path: Path):
    with pytest.raises(BadData, match="no definition at"):
        read_definition(tmp_path)
    (tmp_path / "definition.json").write_text("{")
    with pytest.raises(BadData, match="is not JSON"):
        read_definition(tmp_path)


def test_agrees_with_the_platforms_own_definition():
    """What the platform validates and dumps, the jobs read; the defaults are the same."""
    from sluice.definition.data import Data

    document = definition_document()["data"]
    for absent in ("split", "missing_values", "max_reject_ratio", "max_categories", "rare_level_min_count", "drop"):
        del document[absent]
    dumped = json.loads(Data.model_validate(document).model_dump_json())
    assert parse_definition({"name": "tiny", "data": dumped}) == parse_definition({"name": "tiny", "data": document})


def test_words_for_missing_cells_are_trimmed_as_cells_are():
    """By the platform and by the jobs: a padded word would never be met."""
    from sluice.definition.data import Data

    words = ["n/a ", "", " ", "n/a", "\tNA"]
    document = definition_document(missing_values=words)
    del document["data"]["split"]
    assert parse_definition(document).missing_values == ("n/a", "", "NA")
    assert Data.model_validate(document["data"]).missing_values == ("n/a", "", "NA")
