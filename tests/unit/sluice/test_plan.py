import json

from sluice.plan import definition_document
from tests.definitions import definition


def test_the_jobs_read_the_features_in_the_definitions_order() -> None:
    """It is the order in which an endpoint takes a row without names."""
    features = {"zeta": {"type": "numeric"}, "alpha": {"type": "categorical"}}

    document = json.loads(definition_document(definition(data__features=features)))

    assert list(document["data"]["features"]) == ["zeta", "alpha"]
