import json

import pytest

from sluice.alias import Alias

ALIAS = Alias("churn", "sluice-dev-churn--real-time", "real-time", 6, "s3://b/definition.json", {"v6": 6, "v7": 7})


def test_an_alias_survives_its_parameter() -> None:
    assert Alias.from_json(ALIAS.to_json()) == ALIAS


def test_fields_of_a_newer_version_are_left_out_and_missing_ones_are_an_error() -> None:
    document = json.loads(ALIAS.to_json())

    assert Alias.from_json(json.dumps({**document, "later": 1})) == ALIAS
    del document["endpoint_name"]
    with pytest.raises(TypeError, match="endpoint_name"):
        Alias.from_json(json.dumps(document))


def test_the_variant_says_which_version_answered() -> None:
    assert ALIAS.version_behind("v7") == 7
    assert ALIAS.version_behind("unknown") == 6
    assert ALIAS.version_behind(None) == 6
