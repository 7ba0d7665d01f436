"""What the validation asks AWS for passes AWS's models, and every way through it leads to the clean-up and an end."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import jsonata
import pytest
import yaml
from botocore.validate import ParamValidator

from functions.conclude_validation.request import ConcludeRequest
from functions.score_endpoint.request import ScoreRequest
from tests.events import load_event
from tests.template import resolved, resources_of

ROOT = Path(__file__).parents[2]
EVENT = load_event("validation_status_change")
ASKED = json.loads(EVENT["detail"]["input"])
CREATING = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "LookAtEndpoint", "Score")
CONCLUDE = "ConcludeValidation"
MOST_CAUSE = 32_768
"""Characters: botocore's model of Step Functions, SensitiveCause."""
CLEANING = ("FindEndpoint", "DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel")


@cache
def workflow() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "statemachines" / "validate.asl.yaml").read_text())
    return document


def states() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = workflow()["States"]
    return found


def evaluated(value: Any, variables: dict[str, Any], about: dict[str, Any] | None = None) -> Any:
    """With every JSONata expression worked out, as Step Functions does."""
    if isinstance(value, dict):
        return {key: evaluated(entry, variables, about) for key, entry in value.items()}
    if isinstance(value, list):
        return [evaluated(entry, variables, about) for entry in value]
    if not (isinstance(value, str) and value.startswith("{%")):
        return value
    expression = jsonata.Jsonata(value.removeprefix("{%").removesuffix("%}").strip())
    expression.register_lambda("parse", json.loads)
    for name, bound in {**variables, "states": about or {}}.items():
        expression.assign(name, bound)
    return expression.evaluate({})


def chosen(choice: str, variables: dict[str, Any], state_input: Any = None) -> tuple[str, dict[str, Any]]:
    """Where a Choice goes, and what it assigns."""
    about = {"input": state_input, "context": {"Execution": {"Id": "arn:execution"}}}
    for rule in states()[choice]["Choices"]:
        if evaluated(rule["Condition"], variables, about):
            return rule["Next"], evaluated(rule.get("Assign", {}), variables, about)
    return states()[choice]["Default"], evaluated(states()[choice].get("Assign", {}), variables, about)


@pytest.mark.parametrize("state", [name for name in (*CREATING, *CLEANING) if name != "Score"])
def test_what_sagemaker_is_asked_for_passes_its_own_model(state: str) -> None:
    action = states()[state]["Resource"].rsplit(":", 1)[1]
    request = evaluated(states()[state]["Arguments"], {"asked": ASKED})
    model = (
        botocore.session.get_session().get_service_model("sagemaker").operation_model(action[0].upper() + action[1:])
    )

    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()
    assert ASKED["name"] in json.dumps(request)


def test_what_is_asked_is_the_package_that_would_be_deployed() -> None:
    request = evaluated(states()["CreateModel"]["Arguments"], {"asked": ASKED})

    assert request["PrimaryContainer"] == {"ModelPackageName": ASKED["package_arn"]}
    assert request["ExecutionRoleArn"] == ASKED["role_arn"]


def test_retrain_asks_for_everything_that_is_read() -> None:
    """Each `$asked.<member>` is one that RetrainStateMachine sends."""
    text = (ROOT / "statemachines" / "validate.asl.yaml").read_text()
    read = {part.split(" ")[0].strip("\"'%},)") for part in text.split("$asked.")[1:]}
    retrain = yaml.safe_load((ROOT / "statemachines" / "retrain.asl.yaml").read_text())

    assert read <= set(retrain["States"]["Validate"]["Arguments"]["Input"])
    assert read <= set(ASKED)


@pytest.mark.parametrize("state", CREATING)
def test_whatever_fails_before_leads_to_the_clean_up(state: str) -> None:
    (catch,) = states()[state]["Catch"]

    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "FindEndpoint")
    assert set(catch["Assign"]) == {"failure", "since"}


@pytest.mark.parametrize("state", CLEANING)
def test_the_clean_up_goes_on_whatever_fails(state: str) -> None:
    (catch,) = states()[state]["Catch"]

    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], states()[state]["Next"])


def test_the_clean_up_ends_in_the_conclusion() -> None:
    following = {name: state.get("Next") for name, state in states().items()}

    assert [following[name] for name in CLEANING] == [
        "CanItBeDeleted",
        "DeleteEndpointConfig",
        "DeleteModel",
        "Conclude",
    ]
    assert states()["Conclude"]["End"] is True


@pytest.mark.parametrize("state", [name for name, state in workflow()["States"].items() if state["Type"] == "Task"])
def test_every_task_retries(state: str) -> None:
    assert states()[state]["Retry"]


@pytest.mark.parametrize(
    ("cause", "left"),
    [
        ('Could not find endpoint "arn:…".', ""),
        ("User is not authorized to perform: sagemaker:DeleteEndpoint", f"endpoint {ASKED['name']}"),
    ],
)
def test_what_could_not_be_deleted_is_kept_for_the_conclusion(cause: str, left: str) -> None:
    (catch,) = states()["DeleteEndpoint"]["Catch"]
    variables = {"asked": ASKED, "left_over": ""}

    assigned = evaluated(catch["Assign"], variables, {"errorOutput": {"Error": "E", "Cause": cause}})

    assert assigned == {"left_over": left}
    (again,) = states()["DeleteModel"]["Catch"]
    more = evaluated(again["Assign"], variables | assigned, {"errorOutput": {"Error": "E", "Cause": "denied"}})
    assert more["left_over"] == ", ".join([*([left] if left else []), f"model {ASKED['name']}"])


@pytest.mark.parametrize(
    ("status", "minutes", "then"),
    [
        ("InService", 0, "Score"),
        ("Creating", 1, "WaitForEndpoint"),
        ("Creating", 31, "FindEndpoint"),
        ("Failed", 1, "FindEndpoint"),
    ],
)
def test_an_endpoint_is_waited_for_within_a_bound(status: str, minutes: int, then: str) -> None:
    now = jsonata.Jsonata("$millis()").evaluate({})
    variables = {"endpoint": {"status": status, "reason": "no capacity"}, "since": now - minutes * 60_000}

    next_state, assigned = chosen("IsItInService", variables)

    assert next_state == then
    if then == "FindEndpoint":
        told = f"after {minutes} minutes the temporary endpoint is {status}: no capacity"
        assert assigned["failure"] == {"Error": "EndpointFailed", "Cause": told}


@pytest.mark.parametrize(
    ("status", "minutes", "then"),
    [
        ("Creating", 1, "WaitToDelete"),
        ("Creating", 46, "DeleteEndpoint"),
        ("InService", 0, "DeleteEndpoint"),
        ("Failed", 0, "DeleteEndpoint"),
        ("Unknown", 0, "DeleteEndpoint"),
        ("Deleting", 0, "DeleteEndpointConfig"),
        ("Gone", 0, "DeleteEndpointConfig"),
    ],
)
def test_an_endpoint_is_deleted_once_it_can_be(status: str, minutes: int, then: str) -> None:
    now = jsonata.Jsonata("$millis()").evaluate({})

    assert chosen("CanItBeDeleted", {"since": now - minutes * 60_000}, status)[0] == then


@pytest.mark.parametrize(("cause", "found"), [("Could not find endpoint", "Gone"), ("denied", "Unknown")])
def test_an_endpoint_that_is_not_there_is_told_from_one_that_cannot_be_seen(cause: str, found: str) -> None:
    (catch,) = states()["FindEndpoint"]["Catch"]

    assert evaluated(catch["Output"], {}, {"errorOutput": {"Error": "E", "Cause": cause}}) == found


def test_a_validation_begins_with_what_retrain_asks() -> None:
    next_state, assigned = chosen("WhatIsAsked", {}, ASKED)

    assert (next_state, assigned["asked"], assigned["validation"]) == ("CreateModel", ASKED, "arn:execution")


def test_a_stopped_validation_begins_at_the_clean_up() -> None:
    next_state, assigned = chosen("WhatIsAsked", {}, EVENT)

    assert (next_state, assigned["asked"]) == ("FindEndpoint", ASKED)
    assert assigned["validation"] == EVENT["detail"]["executionArn"]
    assert assigned["failure"] == {"Error": "ValidationStopped", "Cause": "its execution ended as ABORTED"}


REFUSED = {"Error": "ClientError", "Cause": json.dumps({"errorMessage": "denied", "stackTrace": ["x" * 40_000]})}
FOUND = {"verdict": "fail", "reason": 'row 3 got "0.4" instead of 0.5.'}
NEVER_UP = {"Error": "EndpointFailed", "Cause": "no capacity"}


@pytest.mark.parametrize(
    ("score", "failure", "verdict"),
    [(FOUND, None, "fail"), (FOUND, NEVER_UP, "fail"), (None, NEVER_UP, "undecided"), (None, None, "undecided")],
)
def test_what_could_not_be_concluded_is_concluded_by_the_next_execution(
    score: dict[str, str] | None, failure: dict[str, str] | None, verdict: str
) -> None:
    (catch,) = states()["Conclude"]["Catch"]
    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "NotConcluded")
    variables = {"score": score, "failure": failure, **evaluated(catch["Assign"], {}, {"errorOutput": REFUSED})}
    ended = {
        "status": "FAILED",
        "error": states()["NotConcluded"]["Error"],
        "cause": evaluated(states()["NotConcluded"]["Cause"], variables),
    }

    next_state, assigned = chosen("WhatIsAsked", {}, {**EVENT, "detail": {**EVENT["detail"], **ended}})

    assert next_state == "FindEndpoint"
    assert "denied" in ended["cause"]
    assert len(ended["cause"]) <= MOST_CAUSE
    concluded = ConcludeRequest.model_validate(evaluated(states()["Conclude"]["Arguments"]["Payload"], assigned))
    assert concluded.judgement.verdict == verdict
    assert concluded.execution_arn == EVENT["detail"]["executionArn"]
    told = score["reason"] if score else "no capacity" if failure else "its execution ended as FAILED"
    assert told in concluded.judgement.reason


def test_the_longest_finding_fits_into_a_cause() -> None:
    variables = {
        "score": {"verdict": "fail", "reason": '"' * 100_000},
        "failure": {"Error": "E", "Cause": '"' * 100_000},
        "unconcluded": {"Error": "E", "Cause": '"' * 100_000},
    }

    cause = evaluated(states()["NotConcluded"]["Cause"], variables)

    assert json.loads(cause)["score"]["verdict"] == "fail"
    assert len(cause) <= MOST_CAUSE


@pytest.mark.parametrize("machine", ["<ValidateStateMachine>", "<RolloutStateMachine>"])
def test_however_an_execution_fails_to_end_well_an_alarm_says_so(machine: str) -> None:
    alarms = [resolved(alarm["Properties"]) for alarm in resources_of("AWS::CloudWatch::Alarm").values()]
    watched = [alarm for alarm in alarms if alarm["Dimensions"] == [{"Name": "StateMachineArn", "Value": machine}]]

    assert {alarm["MetricName"] for alarm in watched} == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}
    assert len({alarm["AlarmName"] for alarm in watched}) == 3
    for alarm in watched:
        assert alarm["Namespace"] == "AWS/States"
        assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
            "Sum",
            0,
            "GreaterThanThreshold",
        )
        assert alarm["AlarmActions"] == ["<Topic>"]


@pytest.mark.parametrize(
    "name",
    [
        "StartRun",
        "RegisterModel",
        "FinishRun",
        "DeployModel",
        "ActivateEndpoint",
        CONCLUDE,
        "StartBatch",
        "FinishBatch",
        "CleanUp",
        "ReapEndpoints",
    ],
)
def test_who_tells_people_may_look_whether_they_were_told(name: str) -> None:
    function = resolved(resources_of("AWS::Serverless::Function")[name]["Properties"])
    statements = function["Policies"][0]["Statement"]
    allowed = {
        action
        for one in statements
        if "StateTable" in str(one["Resource"])
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }

    assert {"dynamodb:GetItem", "dynamodb:PutItem"} <= allowed


@pytest.mark.parametrize("text", [json.dumps(EVENT), "{}", None])
def test_a_stopped_clean_up_is_not_cleaned_up_again(text: str | None) -> None:
    event = {**EVENT, "detail": {**EVENT["detail"], "input": text}}

    assert chosen("WhatIsAsked", {}, event)[0] == "NothingToDo"


def test_the_functions_understand_what_they_are_sent() -> None:
    variables = {"asked": ASKED, "validation": "arn:1", "score": None, "failure": {"Error": "E"}, "left_over": ""}

    asked = ScoreRequest.model_validate(evaluated(states()["Score"]["Arguments"]["Payload"], variables))
    concluded = ConcludeRequest.model_validate(evaluated(states()["Conclude"]["Arguments"]["Payload"], variables))

    assert asked == ScoreRequest.model_validate(load_event("score_endpoint"))
    assert (concluded.run_id, concluded.judgement.verdict) == (ASKED["run_id"], "undecided")


def test_every_function_of_the_workflow_is_substituted_by_the_template() -> None:
    machine = resources_of("AWS::Serverless::StateMachine")["ValidateStateMachine"]
    named = {
        state["Arguments"]["FunctionName"].strip("${}")
        for state in states().values()
        if "lambda:invoke" in state.get("Resource", "")
    }

    assert named == set(machine["Properties"]["DefinitionSubstitutions"])


def test_only_validations_may_be_made_and_removed() -> None:
    """Of models, configs and endpoints; the functions that serve know no such names."""
    machine = resolved(resources_of("AWS::Serverless::StateMachine")["ValidateStateMachine"]["Properties"])
    (made,) = [one for one in machine["Policies"][0]["Statement"] if one.get("Sid") == "MakeAndRemoveTheEndpoint"]

    assert all(resource.endswith("/sluice-validate-dev-*") for resource in made["Resource"])


def test_the_bounds_of_its_steps_fit_into_the_whole() -> None:
    """30 minutes for the endpoint, four attempts of 15 minutes to score, 45 minutes until it can be deleted."""
    score = resources_of("AWS::Serverless::Function")["ScoreEndpoint"]["Properties"]["Timeout"]
    (retry,) = states()["Score"]["Retry"]

    assert workflow()["TimeoutSeconds"] > (30 + 45) * 60 + (retry["MaxAttempts"] + 1) * score
