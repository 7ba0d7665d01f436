from pathlib import Path

import pandas as pd
import pytest
import yaml

from cli.profiling.model_yaml import model_name_from, render
from cli.profiling.proposal import propose
from sluice.definition import CalibrationRule, parse_definition


def written(tune: bool = False, **columns: list[str]) -> str:
    base = {"plan": ["basic", "plus"] * 60, "churn": ["Yes", "No", "No"] * 40}
    proposal = propose(pd.DataFrame(base | columns, dtype=str), "churn")
    return render(proposal, "churn", "churn.csv", "all 120 rows", tune)


def test_the_result_is_a_valid_definition() -> None:
    model = parse_definition(written(customer_id=[f"c{n}" for n in range(120)], flat=["x"] * 120))
    assert model.name == "churn"
    assert model.data.positive_label == "Yes"
    assert model.data.key == "customer_id"
    assert model.data.drop == ("flat",)
    assert model.data.features["plan"].type == "categorical"
    assert model.deployment.mode == "serverless"
    assert model.approval == "manual"


TARGETS = {
    "binary": ["Yes", "No", "No"] * 40,
    "multiclass": ["red", "green", "blue"] * 40,
    "regression": [f"{number * 1.5}" for number in range(120)],
}


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("tune", [False, True])
def test_what_is_written_out_are_the_defaults(task: str, tune: bool) -> None:
    """Who deletes a section gets the same, but for the calibration, which is not judged unless it is asked for."""
    model = parse_definition(written(tune, churn=TARGETS[task]))
    bare = {"name": "churn", "data": model.data.model_dump(mode="json")}
    short = parse_definition(yaml.safe_dump(bare | {"deployment": model.deployment.model_dump(mode="json")}))
    calibration = CalibrationRule() if task == "binary" else None
    assert model.gate == short.gate.model_copy(update={"calibration": calibration})
    assert model.validation == short.validation
    assert model.tuning.enabled is tune
    assert model.tuning.objective_for(model.data.task) == short.tuning.objective_for(model.data.task)
    assert model.tuning.ranges == short.tuning.ranges_for("xgboost")


def test_every_range_says_what_it_is() -> None:
    lines = written(tune=True).splitlines()
    first = lines.index("  ranges:") + 1
    ranges = lines[first : lines.index("", first)]
    assert len(ranges) == 6
    assert all("  # " in line for line in ranges)


@pytest.mark.parametrize(
    ("task", "metric"),
    [("multiclass", "auc"), ("regression", "r2")],
)
def test_other_tasks_get_a_gate_that_suits_them(task: str, metric: str) -> None:
    model = parse_definition(written(churn=TARGETS[task]))
    assert model.data.task == task
    assert list(model.gate.metrics) == [metric]
    assert model.gate.champion is not None
    assert model.gate.champion.metric == metric


def test_each_choice_has_its_evidence_beside_it() -> None:
    lines = written(flat=["x"] * 120).splitlines()
    assert any("- flat  # constant: always 'x'" in line for line in lines)
    assert any("plan:" in line and "# 2 categories: 'basic', 'plus'" in line for line in lines)
    assert any("positive_label:" in line and "40 of 120 rows" in line for line in lines)


@pytest.mark.parametrize(
    "name", ["a: b", "#1", "yes", "1", "x, y", "- dash", "q'uote", 'double"', "ümläut", "null", "{"]
)
def test_awkward_column_names_survive(name: str) -> None:
    model = parse_definition(written(**{name: [str(n % 9) for n in range(120)]}))
    assert model.data.features[name].type == "numeric"


@pytest.mark.parametrize("level", ["# hash", "new\nline", "quote'", "colon: x", "x" * 200, "\x07bell"])
def test_awkward_cells_stay_inside_their_comment(level: str) -> None:
    model = parse_definition(written(odd=[level, "other"] * 60))
    assert model.data.features["odd"].type == "categorical"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("1", "0"), 1),
        (("1.0", "0.0"), "1.0"),
        (("true", "false"), "true"),
        (("no", "yes"), "yes"),
        (("01", "00"), "01"),
    ],
)
def test_the_positive_label_is_read_back_as_it_stands_in_the_file(labels: tuple[str, str], expected: object) -> None:
    model = parse_definition(written(churn=list(labels) * 60))
    assert model.data.positive_label == expected


def test_missing_words_join_the_usual_ones() -> None:
    model = parse_definition(written(odd=["1", "?", "3"] * 40))
    assert model.data.missing_values[-1] == "?"
    assert "" in model.data.missing_values
    assert "NA" in model.data.missing_values


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("telco_churn.csv", "telco-churn"),
        ("houses.csv.gz", "houses"),
        ("folder.d/houses.parquet", "houses"),
        ("WA_Fn-UseC_-Telco-Customer-Churn.csv", "wa-fn-usec-telco-custome"),
        ("2024 data.csv", "data"),
        ("__", "model"),
        ("ends-exactly-at-hyphen--x.csv", "ends-exactly-at-hyphen-x"),
    ],
)
def test_model_names_from_file_names(file: str, name: str) -> None:
    assert model_name_from(Path(file)) == name
