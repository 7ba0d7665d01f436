"""The rollout's state machine, walked through with tasks that answer as a test says.

Its requests pass AWS's models, and every way through it ends in one decision; another deployment's endpoint is left
alone.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import jsonata
import pytest
import yaml
from botocore.validate import ParamValidator

from functions.compare_variants.request import CompareRequest
from sluice.events import TrialConcluded
from tests.events import load_event
from tests.template import resolved, resources_of

ROOT = Path(__file__).parents[2]
ASKED = load_event("start_rollout")
STOPPED = load_event("rollout_status_change")
STARTED_AT = "2026-11-20T20:33:00.000Z"
MOST_CAUSE = 32_768
"""Characters: botocore's model of Step Functions, SensitiveCause."""
MOST_EVENTS = 25_000
"""Of an execution's history: Step Functions' quota."""
PROMOTED = {"decision": "promote", "reason": "v7 did well.", "report_uri": "s3://bucket/report.json"}
Answer = Callable[[dict[str, Any]], Any]


class TaskError(Exception):
    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error)
        self.output = {"Error": error, "Cause": cause}


@cache
def workflow() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "statemachines" / "rollout.asl.yaml").read_text())
    return document


def states() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = workflow()["States"]
    return found


@dataclass
class Endpoint:
    """Of the trial; `settles_after` looks it is in service again."""

    config: str = ASKED["config_name"]
    status: str = "InService"
    settles_after: int = 2
    weights: list[dict[str, float]] = field(default_factory=list)
    looks_left: int = 0

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        self.looks_left -= 1
        status = "Updating" if self.status == "InService" and self.looks_left > 0 else self.status
        return {"EndpointName": request["EndpointName"], "EndpointConfigName": self.config, "EndpointStatus": status}

    def move(self, request: dict[str, Any]) -> dict[str, Any]:
        desired = request["DesiredWeightsAndCapacities"]
        self.weights.append({one["VariantName"]: one["DesiredWeight"] for one in desired})
        self.looks_left = self.settles_after
        return {"EndpointArn": "arn:endpoint"}


@dataclass
class Walk:
    """Runs the machine as Step Functions does, without its waits and retries."""

    endpoint: Endpoint = field(default_factory=Endpoint)
    tasks: dict[str, Answer] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    waited: int = 0
    failed: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.tasks = {
            "LookAtEndpoint": self.endpoint.describe,
            "SetShare": self.endpoint.move,
            "LookAtAlarms": lambda request: {"MetricAlarms": alarms_of(request)},
            "Compare": lambda request: {"Payload": PROMOTED},
            "Conclude": lambda request: {"FailedEntryCount": 0},
            **self.tasks,
        }

    def run(self, document: dict[str, Any]) -> "Walk":
        name, current = workflow()["StartAt"], document
        while name is not None:
            self.visited.append(name)
            assert len(self.visited) < MOST_EVENTS
            name, current = self._step(states()[name], name, current)
        return self

    @property
    def told(self) -> list[dict[str, Any]]:
        entries = [request["Entries"][0] for name, request in self.asked if name == "Conclude"]
        for entry in entries:
            detail = entry["Detail"]
            event = {**load_event("trial_concluded"), "source": entry["Source"], "detail-type": entry["DetailType"]}
            TrialConcluded.model_validate({**event, "detail": detail})
        return [entry["Detail"] for entry in entries]

    def _step(self, state: dict[str, Any], name: str, document: Any) -> tuple[str | None, Any]:
        about = {"input": document, "context": {"Execution": {"StartTime": STARTED_AT}}}
        match state["Type"]:
            case "Choice":
                return self._choice(state, about)
            case "Task":
                return self._task(state, name, about)
            case "Wait":
                seconds = self._value(state["Seconds"], about)
                assert isinstance(seconds, int)
                self.waited += seconds
            case "Fail":
                self.failed = {"error": state["Error"], "cause": self._value(state["Cause"], about)}
                return None, None
        return self._leave(state, about, document)

    def _choice(self, state: dict[str, Any], about: dict[str, Any]) -> tuple[str, Any]:
        for rule in state["Choices"]:
            holds = self._value(rule["Condition"], about)
            assert isinstance(holds, bool), rule["Condition"]
            if holds:
                self._assign(rule, about)
                return rule["Next"], self._value(rule["Output"], about) if "Output" in rule else about["input"]
        self._assign(state, about)
        return state["Default"], about["input"]

    def _task(self, state: dict[str, Any], name: str, about: dict[str, Any]) -> tuple[str | None, Any]:
        request = self._value(state["Arguments"], about)
        self.asked.append((name, request))
        try:
            result = self.tasks[name](request.get("Payload", request))
        except TaskError as error:
            (catch,) = state["Catch"]
            assert catch["ErrorEquals"] == ["States.ALL"]
            failed = {**about, "errorOutput": error.output}
            self._assign(catch, failed)
            return catch["Next"], self._value(catch["Output"], failed)
        return self._leave(state, {**about, "result": result}, result)

    def _leave(self, state: dict[str, Any], about: dict[str, Any], document: Any) -> tuple[str | None, Any]:
        output = self._value(state["Output"], about) if "Output" in state else document
        self._assign(state, about)
        return (None if state.get("End") else state.get("Next")), output

    def _assign(self, state: dict[str, Any], about: dict[str, Any]) -> None:
        """All values are worked out before any is assigned."""
        self.variables |= self._value(state.get("Assign", {}), about)

    def _value(self, value: Any, about: dict[str, Any]) -> Any:
        if isinstance(value, dict):
            return {key: self._value(entry, about) for key, entry in value.items()}
        if isinstance(value, list):
            return [self._value(entry, about) for entry in value]
        if not (isinstance(value, str) and value.startswith("{%")):
            return value
        expression = jsonata.Jsonata(value.removeprefix("{%").removesuffix("%}").strip())
        expression.register_lambda("parse", json.loads)
        for name, bound in {**self.variables, "states": about}.items():
            expression.assign(name, bound)
        return expression.evaluate({})


def alarms_of(request: dict[str, Any], **ringing: str) -> list[dict[str, Any]]:
    assert request["AlarmNames"], "asked for no names, CloudWatch tells of every alarm"
    return [
        {"AlarmName": name, "StateValue": "ALARM" if name in ringing else "OK", "StateReason": ringing.get(name, "")}
        for name in request["AlarmNames"]
    ]


def asked(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ASKED), **changes}


def failing(error: str, cause: str) -> Answer:
    def fail(request: dict[str, Any]) -> Any:
        raise TaskError(error, cause)

    return fail


SHADOW = {"kind": "shadow", "steps": [{"share_percent": 100, "hold_seconds": 1800}], "alarms": []}
ONE_ALARM = {"steps": [{"share_percent": 5, "hold_seconds": 0.5}], "alarms": ASKED["alarms"][:1]}


def test_an_ab_test_moves_traffic_step_by_step_and_ends_in_the_decision() -> None:
    walk = Walk().run(ASKED)

    assert walk.endpoint.weights == [{"v6": 90, "v7": 10}, {"v6": 50, "v7": 50}]
    assert walk.told == [{"stage": "dev", "model": "churn", "config_name": ASKED["config_name"], **PROMOTED}]
    assert walk.waited >= 2 * 3600
    assert walk.visited.count("LookAtAlarms") >= 2 * 60, "the alarms are looked at every minute"


def test_a_shadow_moves_no_traffic() -> None:
    walk = Walk().run(asked(**SHADOW))

    assert walk.endpoint.weights == []
    assert "LookAtAlarms" not in walk.visited
    assert (walk.waited, walk.told[0]["decision"]) == (1800, "promote")


def test_a_step_of_less_than_a_second_and_a_single_alarm() -> None:
    walk = Walk().run(asked(**ONE_ALARM))

    names = [request["AlarmNames"] for name, request in walk.asked if name == "LookAtAlarms"]
    assert names == [ASKED["alarms"][:1]] * len(names)
    assert walk.endpoint.weights == [{"v6": 95, "v7": 5}]
    assert walk.told[0]["decision"] == "promote"


def test_the_longest_trial_fits_into_an_executions_history_and_time() -> None:
    week = 10_080 * 60
    walk = Walk().run(asked(steps=[{"share_percent": share, "hold_seconds": week} for share in range(5, 105, 5)]))

    tasks = len(walk.asked)
    others = len(walk.visited) - tasks
    assert 5 * tasks + 2 * others < MOST_EVENTS
    assert walk.waited < workflow()["TimeoutSeconds"]
    assert len(walk.endpoint.weights) == 20


@pytest.mark.parametrize("ringing", [ASKED["alarms"][:1], ASKED["alarms"][1:]])
def test_an_alarm_breaks_the_trial_off_at_once(ringing: list[str]) -> None:
    walk = Walk(
        tasks={
            "LookAtAlarms": lambda request: {
                "MetricAlarms": alarms_of(request, **dict.fromkeys(ringing, "5 of 10 requests failed"))
            }
        }
    ).run(ASKED)

    (told,) = walk.told
    assert (told["decision"], walk.endpoint.weights, "Compare" in walk.visited) == (
        "roll-back",
        [{"v6": 90, "v7": 10}],
        False,
    )
    assert all(f"{name} is in ALARM: 5 of 10 requests failed" in told["reason"] for name in ringing)
    assert told["reason"].startswith("The trial was broken off: ")


@pytest.mark.parametrize("task", ["LookAtEndpoint", "SetShare", "LookAtAlarms", "Compare"])
def test_what_fails_takes_the_challenger_back(task: str) -> None:
    walk = Walk(tasks={task: failing("AccessDenied", "not authorized")}).run(ASKED)

    (told,) = walk.told
    assert told["decision"] == "roll-back"
    assert told["reason"] == "The trial could not be ended: AccessDenied: not authorized"


@pytest.mark.parametrize(
    ("status", "waits"), [("Failed", False), ("OutOfService", False), ("Updating", True), ("RollingBack", True)]
)
def test_an_endpoint_that_does_not_settle_is_waited_for_within_a_bound(status: str, waits: bool) -> None:
    walk = Walk(Endpoint(status=status)).run(ASKED)

    assert walk.told[0]["decision"] == "roll-back"
    assert f"the endpoint is {status}: SageMaker gave no reason" in walk.told[0]["reason"]
    assert walk.waited == (3600 if waits else 0)
    assert walk.endpoint.weights == []


def test_anothers_endpoint_is_left_alone() -> None:
    walk = Walk(Endpoint(config="sluice-dev-churn-v8-ffffff")).run(ASKED)

    assert (walk.visited[-1], walk.told, walk.endpoint.weights) == ("Superseded", [], [])


def test_a_trial_that_loses_its_endpoint_midway_tells_nothing() -> None:
    endpoint = Endpoint()

    def lost(request: dict[str, Any]) -> dict[str, Any]:
        endpoint.config = "sluice-dev-churn-v8-ffffff"
        return {"MetricAlarms": alarms_of(request)}

    walk = Walk(endpoint, {"LookAtAlarms": lost}).run(ASKED)

    assert (walk.visited[-1], walk.told, len(walk.endpoint.weights)) == ("Superseded", [], 1)


def test_a_trial_whose_endpoint_is_gone_tells_nothing() -> None:
    walk = Walk(tasks={"LookAtEndpoint": failing("SageMaker.SageMakerException", "Could not find endpoint x")}).run(
        ASKED
    )

    assert (walk.visited[-1], walk.told) == ("Superseded", [])


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_a_stopped_trial_takes_the_challenger_back(status: str) -> None:
    event = {**STOPPED, "detail": {**STOPPED["detail"], "status": status}}
    walk = Walk().run(event)

    (told,) = walk.told
    assert (told["decision"], told["config_name"]) == ("roll-back", ASKED["config_name"])
    assert f"its execution is {status}" in told["reason"]


@pytest.mark.parametrize("reason", ["v7 did well.", '"' * 100_000])
def test_a_decision_that_reached_nobody_is_told_by_the_next_execution(reason: str) -> None:
    decided = {**PROMOTED, "reason": reason}
    first = Walk(
        tasks={
            "Compare": lambda request: {"Payload": decided},
            "Conclude": failing("EventBridge.FailedEntry", '"' * 9999),
        }
    ).run(ASKED)
    assert first.failed is not None
    assert len(first.failed["cause"]) <= MOST_CAUSE

    again = Walk().run({**STOPPED, "detail": {**STOPPED["detail"], "status": "FAILED", **first.failed}})

    (told,) = again.told
    assert (told["decision"], told["report_uri"]) == ("promote", PROMOTED["report_uri"])
    assert told["reason"] == reason[:4000]


@pytest.mark.parametrize("text", [json.dumps(STOPPED), "{}", None])
def test_an_execution_that_told_for_another_is_not_followed_by_a_third(text: str | None) -> None:
    walk = Walk().run({**STOPPED, "detail": {**STOPPED["detail"], "input": text}})

    assert (walk.visited[-1], walk.told) == ("NothingToDo", [])


@pytest.mark.parametrize(
    ("task", "service"), [("LookAtEndpoint", "sagemaker"), ("SetShare", "sagemaker"), ("LookAtAlarms", "cloudwatch")]
)
def test_what_aws_is_asked_for_passes_its_own_model(task: str, service: str) -> None:
    request = next(request for name, request in Walk().run(ASKED).asked if name == task)
    action = states()[task]["Resource"].rsplit(":", 1)[1]
    model = botocore.session.get_session().get_service_model(service)

    report = ParamValidator().validate(request, model.operation_model(action[0].upper() + action[1:]).input_shape)

    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("policy", [None, {"minimum_invocations": 5, "after": "ask"}])
def test_compare_variants_understands_what_it_is_sent(policy: dict[str, Any] | None) -> None:
    document = asked(policy=policy) if policy else ASKED
    sent = next(request for name, request in Walk().run(document).asked if name == "Compare")

    request = CompareRequest.model_validate(sent["Payload"])

    assert request.policy == policy
    expected = {**load_event("compare_variants"), "policy": policy}
    assert request == CompareRequest.model_validate(expected)


@pytest.mark.parametrize("state", [name for name, state in workflow()["States"].items() if state["Type"] == "Task"])
def test_every_task_retries_and_nothing_fails_without_an_end(state: str) -> None:
    assert states()[state]["Retry"]
    (catch,) = states()[state]["Catch"]
    assert (catch["ErrorEquals"], catch["Next"] in ("GiveUp", "IsItGone", "NotConcluded")) == (["States.ALL"], True)


def test_every_function_of_the_workflow_is_substituted_by_the_template() -> None:
    machine = resources_of("AWS::Serverless::StateMachine")["RolloutStateMachine"]
    named = {
        state["Arguments"]["FunctionName"].strip("${}")
        for state in states().values()
        if "lambda:invoke" in state.get("Resource", "")
    }

    assert named == set(machine["Properties"]["DefinitionSubstitutions"])


def test_only_this_stages_endpoints_may_be_touched() -> None:
    machine = resolved(resources_of("AWS::Serverless::StateMachine")["RolloutStateMachine"]["Properties"])
    (moved,) = [one for one in machine["Policies"][0]["Statement"] if one.get("Sid") == "MoveTraffic"]

    assert moved["Resource"].endswith(":endpoint/sluice-dev-*")
