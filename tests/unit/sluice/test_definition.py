import pytest
import yaml

from sluice.definition import DefinitionError, parse_definition
from tests.definitions import definition_fields


def problems_of(**changes: object) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(yaml.safe_dump(definition_fields(**changes)))
    return [str(problem) for problem in caught.value.problems]


def test_a_short_definition_gets_sensible_defaults() -> None:
    model = parse_definition(yaml.safe_dump(definition_fields()))

    assert model.data.split.train == 0.7
    assert model.deployment.mode == "serverless"
    assert model.approval == "manual"
    assert model.training.hyperparameters == {}


def test_an_unknown_field_is_refused_with_its_path_and_the_name_that_was_meant() -> None:
    assert problems_of(data__traget="x") == ["data.traget: is not a field of the definition; did you mean target?"]


def test_every_problem_is_named_at_once() -> None:
    problems = problems_of(gate={"metrics": {"auc": {"min": "high"}}}, training={"instance_count": 0}, nonsense=1)

    assert len(problems) == 3
    assert any(problem.startswith("gate.metrics.auc.min: ") for problem in problems)
    assert any(problem.startswith("training.instance_count: ") for problem in problems)
    assert any(problem.startswith("nonsense: ") for problem in problems)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"training": {"spot": True}}, "training: spot needs max_wait_seconds"),
        ({"training": {"max_wait_seconds": 60}}, "training: max_wait_seconds is for spot training only"),
        ({"data__split": {"train": 0.9}}, "data.split: train + validation + test is 1.2"),
        ({"data__split": {"train": 0.8, "test": 0.0}}, "data.split: each of train, validation and test"),
        ({"data__drop": ["age"]}, "data: column 'age' is in both drop and features"),
        ({"data__positive_label": True}, "data.positive_label: YAML reads this word as true"),
        ({"deployment": {"mode": "serverless", "memory_mb": 1000}}, "deployment.memory_mb: "),
        ({"deployment": {"mode": "batch"}}, "deployment.mode: must be serverless or real-time"),
        ({"deployment": {"memory_mb": 1024}}, "deployment.mode: must be serverless or real-time"),
        ({"tuning": {"enabled": True}}, "tuning: tuning is not available in this version"),
        ({"monitoring": {"enabled": True}}, "monitoring: monitoring is not available in this version"),
        ({"gate": {"metrics": {"auc": {}}}}, "gate.metrics.auc: write min, max or both"),
        ({"gate": {"metrics": {"auc": {"min": 0.9, "max": 0.8}}}}, "gate.metrics.auc: min 0.9 is above max 0.8"),
        ({"name": "Churn"}, "name: "),
        (
            {"deployment": {"mode": "real-time", "initial_instances": 3, "autoscaling": {"max_instances": 2}}},
            "deployment: initial_instances 3 lies outside",
        ),
    ],
)
def test_impossible_combinations_say_where_and_what_to_write(changes: dict[str, object], expected: str) -> None:
    assert any(problem.startswith(expected) for problem in problems_of(**changes)), problems_of(**changes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"name: \xff", "is not UTF-8"),
        ("name: [", "is not YAML"),
        ("- a list", "holds no fields"),
        ("", "holds no fields"),
        ("name: a\nname: b\n", "line 2: 'name' stands twice"),
    ],
)
def test_a_text_that_is_no_definition_says_so(text: str | bytes, expected: str) -> None:
    with pytest.raises(DefinitionError, match=expected):
        parse_definition(text)


def test_the_name_must_be_the_folder_it_lies_in() -> None:
    with pytest.raises(DefinitionError, match="make them equal"):
        parse_definition(yaml.safe_dump(definition_fields()), expected_name="fraud")


def test_dropped_columns_may_be_absent_and_others_may_not() -> None:
    data = parse_definition(yaml.safe_dump(definition_fields(data__drop=["note"]))).data

    assert "note" in data.columns
    assert "note" not in data.required_columns
    assert {"churned", "id", "age", "plan"} == data.required_columns
