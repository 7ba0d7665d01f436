"""CloudFormation: what AWS checks of a role when it creates the function or state machine that will use it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from ministack.core.responses import error_response_json
from ministack.services import stepfunctions as sfn
from ministack.services.cloudformation import custom_resource, provisioners

from localcloud.errors import ApiError
from localcloud.ministack_port import lambdas

# Raises ApiError: (role ARN) for a function, (definition, role ARN) for a state machine, (its properties) for an event
# source mapping.
CheckFunction = Callable[[str], None]
CheckMachine = Callable[[str, str], None]
CheckMapping = Callable[[Mapping[str, Any]], None]


_STOPPING = {"Status": "FAILED", "Reason": "the local cloud is stopping"}


def install(check_function: CheckFunction, check_machine: CheckMachine, check_mapping: CheckMapping) -> None:
    _read_yaml_definitions()
    _check_before("AWS::Lambda::Function", lambda properties: check_function(properties.get("Role", "")))
    _keep_dead_letters()
    _warm_functions()
    _check_before("AWS::Lambda::EventSourceMapping", check_mapping)
    _check_before(
        "AWS::StepFunctions::StateMachine",
        lambda properties: check_machine(provisioners._sfn_definition(properties), properties.get("RoleArn", "")),
    )
    for name in ("_create_state_machine", "_update_state_machine"):
        setattr(sfn, name, _checked_api(getattr(sfn, name), check_machine))


def end_custom_resources() -> None:
    """Fail the custom resources that a deployment waits for: nothing answers any more, and the server must end.

    Those that come later fail at once.
    """
    with custom_resource._lock:
        waiting = list(custom_resource._pending)
    for token in waiting:
        custom_resource.deliver_response(token, _STOPPING)
    register = custom_resource.register_token

    def register_and_fail(token: str) -> Any:
        event = register(token)
        custom_resource.deliver_response(token, _STOPPING)
        return event

    custom_resource.register_token = register_and_fail


def _keep_dead_letters() -> None:
    """MiniStack makes a template's functions without their DeadLetterConfig, and their lost events vanish."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update = handlers["create"], handlers["update"]

    def kept_create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        made = create(logical_id, properties, stack_name)
        lambdas.set_dead_letters(made[0], properties.get("DeadLetterConfig"))
        return made

    def kept_update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any) -> Any:
        made = update(physical_id, old, new, *rest, **named)
        lambdas.set_dead_letters(made[0], new.get("DeadLetterConfig"))
        return made

    handlers["create"], handlers["update"] = kept_create, kept_update


def _warm_functions() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    for name in ("create", "update"):
        handlers[name] = _then_warm(handlers[name])


def _then_warm(provision: Callable[..., Any]) -> Callable[..., Any]:
    def provisioned(*arguments: Any, **named: Any) -> Any:
        made = provision(*arguments, **named)
        lambdas.warm(made[0])
        return made

    return provisioned


def _read_yaml_definitions() -> None:
    """A definition in S3 may be YAML, as CloudFormation has it; MiniStack stores it unread and then fails to run it."""
    read = provisioners._sfn_definition

    def definition(properties: dict[str, Any]) -> str:
        text: str = read(properties)
        try:
            json.loads(text)
        except ValueError:
            return json.dumps(yaml.safe_load(text))
        return text

    provisioners._sfn_definition = definition


def _check_before(resource_type: str, check: Callable[[Mapping[str, Any]], None]) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def checked_create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        check(properties)
        return create(logical_id, properties, stack_name)

    def checked_update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any) -> Any:
        check(new)
        return update(physical_id, old, new, *rest, **named)

    handlers["create"], handlers["update"] = checked_create, checked_update


def _checked_api(operation: Callable[[dict[str, Any]], Any], check: CheckMachine) -> Callable[[dict[str, Any]], Any]:
    def checked(request: dict[str, Any]) -> Any:
        known = sfn._state_machines.get(request.get("stateMachineArn", "")) or {}
        try:
            check(
                request.get("definition") or known.get("definition", json.dumps({})),
                request.get("roleArn") or known.get("roleArn", ""),
            )
        except ApiError as error:
            return error_response_json(error.code, error.message, error.status)
        return operation(request)

    return checked
