"""A card of ours is one by SageMaker's schema, and every limit of its holds."""

import copy
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from localcloud.errors import ApiError
from localcloud.sagemaker.model_card_content import CardContent, check_content
from sluice.model_card import card_content, card_text
from sluice.naming import model_card_name
from tests.cards import METADATA, card_facts, evaluation, version

LONG = "a very long name of something that a file holds " * 100


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"report": {}},
        {"gate": {"verdict": "pass", "checks": [], "summary": ""}},
        {"version": version(metadata={}, approval_description="")},
        {"version": version(metadata={**METADATA, "data_version": LONG, "odd key": LONG}, approval_description=LONG)},
        {"report": {"hyperparameters": {f"name{number}": LONG for number in range(200)}}},
    ],
    ids=["plain", "no report", "no checks", "no lineage", "long texts", "long hyperparameters"],
)
def test_a_card_follows_the_schema(task: str, changes: dict[str, Any]) -> None:
    check_content(card_text(card_content(card_facts(task, **changes))))


@pytest.mark.parametrize("slices", [0, 5000])
def test_a_request_with_a_card_passes_sagemakers_model(slices: int) -> None:
    content = card_text(card_content(card_facts(evaluation=evaluation(slices=slices))))
    request = {
        "ModelCardName": model_card_name("s" * 7, "m" * 24, 99999),
        "Content": content,
        "ModelCardStatus": "Approved",
        "SecurityConfig": {"KmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1234"},
    }
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateModelCard")

    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()
    assert len(content) <= model.input_shape.members["Content"].metadata["max"]


def test_the_schema_has_the_sections_that_sagemakers_own_words_name() -> None:
    """botocore's documentation of DescribeModelCard lists paths within a card's content."""
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model("DescribeModelCard")
    told = model.output_shape.members["Content"].documentation
    paths = [path for path in told.replace("<code>", " ").replace("</code>", " ").split() if path.count(".") == 1]
    named = [path.split(".") for path in paths if path.split(".")[0] in CardContent.model_fields]

    assert len(named) >= 5
    for section, member in named:
        part = CardContent.model_fields[section].annotation
        (shape,) = [one for one in part.__args__ if hasattr(one, "model_fields")]
        assert member in shape.model_fields


def changed(path: tuple[Any, ...], value: Any) -> str:
    content = copy.deepcopy(card_content(card_facts()))
    inner: Any = content
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return card_text(content)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("colour",), "green", "colour"),
        (("model_overview", "colour"), "green", "model_overview.colour"),
        (("intended_uses", "risk_rating"), "Extreme", "intended_uses.risk_rating"),
        (("model_overview", "model_version"), "3", "model_overview.model_version"),
        (("training_details", "training_observations"), "x" * 1025, "training_details.training_observations"),
        (("evaluation_details", 0, "name"), "", "evaluation_details.0.name"),
        (("evaluation_details", 0, "metric_groups", 0, "metric_data", 0, "type"), "pie", "metric_data.0"),
        (("additional_information", "custom_details"), {"a b": "c"}, "additional_information.custom_details"),
    ],
)
def test_what_breaks_the_schema_is_found(path: tuple[Any, ...], value: Any, said: str) -> None:
    with pytest.raises(ApiError, match=r"does not follow the model card JSON schema") as refused:
        check_content(changed(path, value))

    assert said in refused.value.message
