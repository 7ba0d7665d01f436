import pytest
import yaml

from sluice.definition import DefinitionError, Model, parse_definition
from sluice.definition.ranges import DEFAULT_RANGES
from sluice.plan import definition_document
from tests.definitions import definition, definition_fields


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


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (
            {"mode": "serverless", "rollout": {"strategy": "canary"}},
            ["deployment.rollout: is not a field of serverless: it needs mode real-time or asynchronous"],
        ),
        (
            {"mode": "asynchronous", "memory_mb": 1024},
            ["deployment.memory_mb: is not a field of asynchronous: it needs mode serverless"],
        ),
        (
            {"mode": "real-time", "rollout": {"strategy": "canary", "steps": []}},
            ["deployment.rollout.steps: is not a field of canary: it needs strategy ab-test"],
        ),
        (
            {"mode": "serverless", "memory": 1024},
            ["deployment.memory: is not a field of serverless; did you mean memory_mb?"],
        ),
    ],
)
def test_a_field_of_another_mode_or_strategy_is_refused_with_those_that_have_it(
    deployment: dict[str, object], expected: list[str]
) -> None:
    assert problems_of(deployment=deployment) == expected


def test_words_for_missing_cells_are_trimmed_as_cells_are() -> None:
    model = parse_definition(yaml.safe_dump(definition_fields(data__missing_values=["n/a ", "-", " n/a", " "])))

    assert model.data.missing_values == ("n/a", "-", "")


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
        ({"deployment": {"mode": "batch"}}, "deployment.mode: must be serverless, real-time, asynchronous or"),
        ({"deployment": {"memory_mb": 1024}}, "deployment.mode: must be serverless, real-time, asynchronous or"),
        (
            {"monitoring": {"enabled": True}, "deployment": {"mode": "serverless", "capture": None}},
            "monitoring.enabled: checks what was captured",
        ),
        ({"monitoring": {"max_run_seconds": 7200}}, "monitoring.max_run_seconds: is 7200, longer than the 3600"),
        ({"monitoring": {"every_hours": 5}}, "monitoring.every_hours"),
        ({"monitoring": {"model_quality": {"metric": "rmse"}}}, "monitoring.model_quality.metric: rmse is no metric"),
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


def rolled_out(mode: str = "real-time", autoscaling: object = None, **rollout: object) -> dict[str, object]:
    return {"deployment": {"mode": mode, "rollout": rollout, "autoscaling": autoscaling}}


CANARY_OF_TWO_HOURS = {"strategy": "canary", "wait_minutes": 60, "bake_minutes": 60}
SMALL_STEPS = {"strategy": "linear", "step_percent": 10, "wait_minutes": 50, "bake_minutes": 30}
SMALL_BATCHES = {"strategy": "rolling", "batch_percent": 5, "wait_minutes": 10}
TWENTY = {"max_instances": 20}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (rolled_out(**CANARY_OF_TWO_HOURS), "rollout: max_minutes is 120, and wait_minutes 60 and bake_minutes 60"),
        (rolled_out(**CANARY_OF_TWO_HOURS), "take 120 minutes by themselves: make max_minutes at least 121, or make"),
        (rolled_out("asynchronous", **CANARY_OF_TWO_HOURS), "make max_minutes at least 121, or make wait_minutes"),
        (
            rolled_out(**SMALL_STEPS),
            "9 times wait_minutes 50 and bake_minutes 30 take 480 minutes by themselves: make",
        ),
        (
            rolled_out(autoscaling=TWENTY, **SMALL_BATCHES),
            "20 times wait_minutes 10 (with up to 20 instances)",
        ),
        (rolled_out("asynchronous", TWENTY, **SMALL_BATCHES), "make max_minutes at least 201, or make wait_minutes"),
    ],
)
def test_a_rollout_whose_waits_do_not_fit_is_refused_before_it_is_trained(
    changes: dict[str, object], expected: str
) -> None:
    (problem,) = problems_of(**changes)
    assert expected in problem


@pytest.mark.parametrize(
    "changes",
    [
        rolled_out(**CANARY_OF_TWO_HOURS, max_minutes=121),
        rolled_out(**SMALL_STEPS | {"wait_minutes": 49, "bake_minutes": 38}, max_minutes=480),
        rolled_out(**SMALL_BATCHES),
        rolled_out(autoscaling=TWENTY, **SMALL_BATCHES, max_minutes=201),
    ],
)
def test_a_rollout_whose_waits_just_fit_is_accepted(changes: dict[str, object]) -> None:
    parse_definition(yaml.safe_dump(definition_fields(**changes)))


REGRESSION = {"data__task": "regression", "data__positive_label": None}
MULTICLASS = {"data__task": "multiclass", "data__positive_label": None}
FOREST = "sklearn-random-forest"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"data__positive_label": None}, "data.positive_label: is missing: add it"),
        ({"data__task": "regression"}, "data.positive_label: is for binary tasks only, and task is regression"),
        ({"data__weight": "age"}, "data: column 'age' is in both weight and features"),
        ({"data__split": {"method": "time"}}, "data.split.column: is missing: name the column of timestamps"),
        ({"data__split": {"column": "age"}}, "data.split.column: is not used by method hash"),
        ({**REGRESSION, "data__split": {"method": "stratified"}}, "data.split.column: a number cannot be stratified"),
        ({"training": {"algorithm": "custom"}}, "training.image: is missing: algorithm custom needs"),
        ({"training": {"image": "a/b:1"}}, "training.image: is for algorithm custom only"),
        ({"training": {"algorithm": "custom", "image": "no image"}}, "training.image: "),
        (
            {"training": {"hyperparameters": {"decision_threshold": 0.4}}},
            "training.hyperparameters.decision_threshold: is set from evaluation.threshold: write it there",
        ),
        (
            {"training": {"hyperparameters": {"max_dept": 4}}},
            "training.hyperparameters.max_dept: xgboost has no such hyperparameter; did you mean max_depth?",
        ),
        (
            {"training": {"algorithm": "sklearn-random-forest", "hyperparameters": {"eta": 0.1}}},
            "training.hyperparameters.eta: sklearn-random-forest has no such hyperparameter; known are: n_estimators",
        ),
        (
            {"training": {"hyperparameters": {"sagemaker_program": "x.py"}}},
            "training.hyperparameters.sagemaker_program: is set by the workflow",
        ),
        (
            {"training": {"monotone_constraints": {f"a{number}": "increasing" for number in range(200)}}},
            "training.monotone_constraints: takes ",
        ),
        ({"training": {"hyperparameters": {"x": "y" * 2501}}}, "training.hyperparameters.x: takes 2,501 characters"),
        ({"training": {"algorithm": FOREST, "checkpoint_rounds": 5}}, "training.checkpoint_rounds: a random forest"),
        ({"training": {"algorithm": FOREST, "instance_count": 2}}, "training.instance_count: a random forest"),
        (
            {"training": {"algorithm": "custom", "image": "a/b:1", "class_weight": "balanced"}},
            "training.class_weight: does not reach a custom image",
        ),
        ({"training": {"checkpoint_rounds": -1}}, "training.checkpoint_rounds: "),
        ({"training": {"memory_share": 0}}, "training.memory_share: "),
        (
            {**REGRESSION, "training": {"class_weight": "balanced"}},
            "training.class_weight: a regression has no classes",
        ),
        (
            {"training": {"monotone_constraints": {"plan": "increasing"}}},
            "training.monotone_constraints.plan: is categorical",
        ),
        (
            {"training": {"monotone_constraints": {"aeg": "increasing"}}},
            "training.monotone_constraints.aeg: is not in data.features",
        ),
        (
            {"processing": {"instance_count": 2}},
            "processing.instance_count: is 2, but a snapshot is one file, which one instance reads: write 1",
        ),
        ({"processing": {"max_run_seconds": 10}}, "processing.max_run_seconds: "),
        ({"evaluation": {"threshold": "best"}}, "evaluation.threshold: write best-f1, cost or a probability"),
        ({"evaluation": {"threshold": 1}}, "evaluation.threshold: write best-f1, cost or a probability"),
        ({"evaluation": {"threshold": "cost"}}, "evaluation.cost_ratio: is missing"),
        ({"evaluation": {"cost_ratio": 5}}, "evaluation.cost_ratio: is used with threshold: cost only"),
        ({**MULTICLASS, "evaluation": {"threshold": 0.4}}, "evaluation.threshold: is for binary tasks only"),
        ({"evaluation": {"slices": ["color"]}}, "evaluation.slices: 'color' is not a column of data"),
        ({"evaluation": {"slices": ["churned"]}}, "evaluation.slices: 'churned' is the target"),
        ({"gate": {"metrics": {"rmse": {"max": 1}}}}, "gate.metrics.rmse: rmse is no metric of a binary task"),
        ({**REGRESSION, "gate": {"metrics": {"auc": {"min": 0.6}}}}, "gate.metrics.auc: auc is no metric of a regr"),
        (
            {**MULTICLASS, "gate": {"champion": {"metric": "recall"}}},
            "gate.champion.metric: recall is no metric of a mul",
        ),
        ({"gate": {"metrics": {"gini": {"min": 1}}}}, "gate.metrics.gini: "),
    ],
)
def test_sections_must_fit_the_task_and_each_other(changes: dict[str, object], expected: str) -> None:
    assert any(problem.startswith(expected) for problem in problems_of(**changes)), problems_of(**changes)


def test_what_is_wrong_between_sections_is_named_at_once_too() -> None:
    problems = problems_of(**REGRESSION, training={"class_weight": "balanced"}, evaluation={"threshold": 0.2})

    assert [problem.partition(":")[0] for problem in problems] == ["training.class_weight", "evaluation.threshold"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {**MULTICLASS, "gate": {"champion": None}},
        {**REGRESSION, "gate": {"champion": {"minimum_gain": -0.05}}},
        {"training": {"algorithm": "custom", "image": "1.dkr.ecr.us-east-1.amazonaws.com/mine:3"}},
        {"data__mode": "append", "data__weight": "w", "data__split": {"method": "time", "column": "day"}},
        {"evaluation": {"threshold": "cost", "cost_ratio": 5, "slices": ["plan"]}},
    ],
)
def test_a_definition_as_the_jobs_read_it_is_the_same_definition(changes: dict[str, object]) -> None:
    """EvaluateGate and RegisterModel read definition.json, where every default is written out."""
    model = definition(**changes)

    assert Model.model_validate_json(definition_document(model)) == model


def test_columns_of_weights_and_times_are_required() -> None:
    changes = {"data__weight": "w", "data__split": {"method": "time", "column": "day"}, "data__drop": ["note", "day"]}

    data = definition(**changes).data

    assert {"w", "day"} <= data.required_columns <= data.columns
    assert "note" not in data.required_columns


def test_spot_training_keeps_checkpoints_unless_told_otherwise() -> None:
    spot = {"spot": True, "max_wait_seconds": 7200}

    assert definition().training.checkpoint_interval == 0
    assert definition(training=spot).training.checkpoint_interval == 50
    assert definition(training={**spot, "checkpoint_rounds": 0}).training.checkpoint_interval == 0
    assert definition(training={**spot, "algorithm": FOREST}).training.checkpoint_interval == 0
    assert definition(training={"checkpoint_rounds": 7}).training.checkpoint_interval == 7


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


TUNING_MISTAKES = [
    (
        {"ranges": {"eta": {"type": "continuous", "min": 0.3, "max": 0.1}}},
        "tuning.ranges.eta.min: 0.3 is above",
    ),
    (
        {"ranges": {"max_depth": {"type": "integer", "min": 6, "max": 3}}},
        "tuning.ranges.max_depth.min: 6 is above",
    ),
    ({"ranges": {"eta": {"type": "wide"}}}, "tuning.ranges.eta.type: must be integer, continuous or categorical"),
    ({"ranges": {"eta": {"min": 1}}}, "tuning.ranges.eta.type: must be integer, continuous or categorical"),
    ({"ranges": {"eta": {"type": "continuous", "min": 0.1}}}, "tuning.ranges.eta.max: is missing"),
    (
        {"ranges": {"gamma": {"type": "continuous", "min": 0, "max": 1, "scaling": "Logarithmic"}}},
        "tuning.ranges.gamma.min: is 0, and Logarithmic takes values above 0 only",
    ),
    (
        {"ranges": {"subsample": {"type": "continuous", "min": 0.5, "max": 1, "scaling": "ReverseLogarithmic"}}},
        "tuning.ranges.subsample.scaling: ReverseLogarithmic is for values from 0 to below 1",
    ),
    ({"ranges": {"etta": {"type": "continuous", "min": 0.1, "max": 0.2}}}, "tuning.ranges.etta: xgboost has no such"),
    (
        {"ranges": {"eta": {"type": "continuous", "min": 0.1, "max": 2}}},
        "tuning.ranges.eta: max must be a number",
    ),
    (
        {"ranges": {"max_depth": {"type": "continuous", "min": 2, "max": 6}}},
        "tuning.ranges.max_depth: takes whole numbers: write type: integer",
    ),
    (
        {"ranges": {"max_depth": {"type": "categorical", "values": [0, 4]}}},
        "tuning.ranges.max_depth: must be a whole",
    ),
    (
        {"ranges": {"max_depth": {"type": "categorical", "values": [4, 4]}}},
        "tuning.ranges.max_depth.values: 4 stands",
    ),
    (
        {"ranges": {"reg_lambda": {"type": "continuous", "min": 1, "max": 9}}},
        "tuning.ranges.reg_lambda: SageMaker's XGBoost image searches eta",
    ),
    ({"strategy": "Hyperband", "warm_start": {}}, "tuning.warm_start: Hyperband learns nothing"),
    (
        {"strategy": "Hyperband", "hyperband": {"min_resource": 500}},
        "tuning.hyperband.min_resource: is 500, more than the 300 rounds",
    ),
    (
        {"strategy": "Hyperband", "ranges": {"num_round": {"type": "integer", "min": 10, "max": 900}}},
        "tuning.ranges.num_round: Hyperband itself decides",
    ),
    ({"objective": "validation:f2"}, "tuning.objective: validation:f2 is emitted by no training job of a binary task"),
    ({"objective": "validation:rmse"}, "tuning.objective: validation:rmse is emitted by no training job"),
    ({"max_jobs": 2, "parallel_jobs": 4}, "tuning.parallel_jobs: is 4, more than max_jobs 2"),
    ({"strategy": "Hyperband", "early_stopping": "Auto"}, "tuning.early_stopping: Hyperband stops jobs by itself"),
    ({"hyperband": {}}, "tuning.hyperband: is for strategy Hyperband only"),
    (
        {"strategy": "Hyperband", "hyperband": {"min_resource": 9, "max_resource": 3}},
        "tuning.hyperband.min_resource: is above max_resource 3",
    ),
    ({"strategy": "Grid"}, "tuning.ranges: is missing: Grid needs the values to combine"),
    (
        {"strategy": "Grid", "ranges": {"max_depth": {"type": "integer", "min": 2, "max": 6}}},
        "tuning.ranges.max_depth: is integer, and Grid takes categorical ranges only",
    ),
    (
        {
            "strategy": "Grid",
            "ranges": {name: {"type": "categorical", "values": [*range(1, 31)]} for name in ("max_depth", "num_round")},
        },
        "tuning.ranges: make 900 combinations, and Grid takes 750 at most",
    ),
    ({"warm_start": {"type": "Transfer"}}, "tuning.warm_start.type: "),
    ({"warm_start": {"job": "not a name"}}, "tuning.warm_start.job: "),
]


@pytest.mark.parametrize(("tuning", "expected"), TUNING_MISTAKES, ids=[told[:60] for _, told in TUNING_MISTAKES])
def test_a_search_that_cannot_be_is_refused(tuning: dict[str, object], expected: str) -> None:
    problems = problems_of(tuning={"enabled": True, **tuning})

    assert any(problem.startswith(expected) for problem in problems), problems


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"training": {"algorithm": "custom", "image": "i:1"}, "tuning": {"enabled": True}},
            "tuning.ranges: is missing: what to search is your image's",
        ),
        (
            {"training": {"algorithm": "sklearn-random-forest"}, "tuning": {"enabled": True}},
            "tuning.enabled: a forest is trained in SageMaker's XGBoost image",
        ),
        ({"gate": {"slices": {}}}, "gate.slices: needs slices to judge"),
        (
            {"gate": {"calibration": {}}, "data__task": "multiclass", "data__positive_label": None},
            "gate.calibration: is for binary tasks only",
        ),
        ({"gate": {"champion": {"policy": "same"}}}, "gate.champion.policy: "),
        ({"gate": {"champion": {"confidence": 0.5}}}, "gate.champion.confidence: "),
        (
            {"gate": {"slices": {"metric": "r2"}}, "evaluation": {"slices": ["plan"]}},
            "gate.slices.metric: r2",
        ),
        ({"training": {"hyperparameters": {"eta": 7}}}, "training.hyperparameters.eta: must be a number above 0"),
        ({"training": {"hyperparameters": {"max_depth": 2.5}}}, "training.hyperparameters.max_depth: must be a whole"),
    ],
)
def test_sections_that_do_not_fit_together_are_refused(changes: dict[str, object], expected: str) -> None:
    assert any(problem.startswith(expected) for problem in problems_of(**changes)), problems_of(**changes)


def test_a_search_has_ranges_and_an_objective_by_itself() -> None:
    tuning = definition(tuning={"enabled": True}).tuning

    assert tuning.objective_for("binary") == "validation:auc"
    assert tuning.objective_for("regression") == "validation:rmse"
    assert set(tuning.ranges_for("xgboost")) >= {"eta", "max_depth"}


def test_the_usual_ranges_are_ones_that_a_definition_may_name() -> None:
    ranges = {name: one.model_dump() for name, one in DEFAULT_RANGES["xgboost"].items()}

    assert definition(tuning={"enabled": True, "ranges": ranges}).tuning.ranges


def test_slices_of_several_classes_are_judged_by_accuracy() -> None:
    changes = {"data__task": "multiclass", "data__positive_label": None, "evaluation": {"slices": ["plan"]}}

    rule = definition(**changes, gate={"slices": {}}).gate.slices

    assert rule is not None
    assert rule.metric == "accuracy"


def test_early_stopping_off_needs_no_quotes() -> None:
    text = yaml.safe_dump(definition_fields(tuning={"enabled": True})) + "  early_stopping: Off\n"

    assert parse_definition(text).tuning.early_stopping == "Off"


def test_better_means_at_least_a_little_unless_said_otherwise() -> None:
    def gain(**champion: object) -> float:
        rule = definition(gate={"champion": champion}).gate.champion
        assert rule is not None
        return rule.minimum_gain

    assert (gain(), gain(policy="better"), gain(policy="better", minimum_gain=-0.01)) == (-0.005, 0.0, -0.01)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"gate": {"champion": {"polcy": "better"}}},
            "gate.champion.polcy: is not a field of the definition; did you mean policy?",
        ),
        (
            {"gate": {"metrics": {"auc": {"mim": 0.7}}}},
            "gate.metrics.auc.mim: is not a field of the definition; did you mean min?",
        ),
        (
            {"tuning": {"warm_start": {"jb": "x"}}},
            "tuning.warm_start.jb: is not a field of the definition; did you mean job?",
        ),
    ],
)
def test_a_misspelt_field_of_a_section_that_may_be_absent_is_guessed_too(
    changes: dict[str, object], expected: str
) -> None:
    assert expected in problems_of(**changes)
