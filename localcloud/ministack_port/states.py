"""Step Functions: every execution runs under its state machine's role, and our integrations join MiniStack's.

MiniStack performs each task as the account's root. Here the execution's role is known to all its threads (through a
context variable, which MiniStack copies into them), each task is authorized as that role, and stopping or timing out an
execution reaches the task that is running.
"""

import contextvars
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ministack import app as gateway
from ministack.core.responses import now_iso
from ministack.services import stepfunctions as sfn

from localcloud.errors import ApiError
from localcloud.executions import Execution, ExecutionEnded, TaskFailed
from localcloud.ministack_port import branch_events, branches, task_timeouts
from localcloud.ministack_port.running import current, own_end

_log = logging.getLogger(__name__)


Integration = Callable[[Execution, str, dict[str, Any]], Any]
Authorize = Callable[[Execution, str, dict[str, Any]], None]

_running: dict[str, Execution] = {}
_some_ended = threading.Condition()


def install(
    integrations: Mapping[str, Integration],
    nested: Integration,
    authorize: Authorize,
    headers_of: Callable[[Execution, str], dict[str, str]],
) -> None:
    """`integrations` by resource prefix, e.g. `arn:aws:states:::sagemaker:`; `nested` is `startExecution.sync`.

    `authorize(execution, resource, arguments)` is asked before each task and raises TaskFailed;
    `headers_of(execution, service)` signs what the `aws-sdk` integrations send.
    """
    _install_execution_context()
    _install_stop()
    _install_tasks(authorize)
    branch_events.install()
    branches.install()
    task_timeouts.install()
    _install_sdk_calls(headers_of)
    for prefix, integration in integrations.items():
        sfn._SERVICE_DISPATCH[prefix] = _integration(integration)
    sfn._invoke_nested_start_execution_sync = _integration(nested)
    sfn._AWS_SDK_SERVICE_MAP["sagemaker"] = {"target_prefix": "SageMaker", "protocol": "json"}
    sfn._AWS_SDK_ERROR_PREFIX["sagemaker"] = "SageMaker"


def start_execution(arn: str, document: str, name: str) -> str:
    """Start a state machine as a service does; raises ApiError with Step Functions' own codes."""
    status, _headers, body = sfn._start_execution({"stateMachineArn": arn, "input": document, "name": name})
    answer = json.loads(body)
    if status >= 400:
        raise ApiError(answer["__type"], answer["message"], status)
    return str(answer["executionArn"])


def wait_for_execution(arn: str) -> None:
    """Block until it has ended. For a thread of its account's, such as that of an execution that started it."""
    with _some_ended:
        _some_ended.wait_for(lambda: sfn._executions[arn]["status"] != "RUNNING")


def _install_execution_context() -> None:
    run, fail = sfn._run_execution, sfn._fail_execution

    def run_execution(arn: str) -> None:
        try:
            run_as_role(arn)
        finally:
            _tell_end()

    def run_as_role(arn: str) -> None:
        record = sfn._executions.get(arn)
        machine = sfn._state_machines.get(record["stateMachineArn"]) if record else None
        if machine is None:
            run(arn)
            return
        execution = Execution(arn, machine["roleArn"])
        _running[arn] = execution
        token = current.set(execution)
        try:
            with _deadline(record, machine, execution):
                run(arn)
        finally:
            current.reset(token)
            _running.pop(arn, None)

    def fail_execution(record: dict[str, Any], error: str, cause: str) -> None:
        # A task that fails because its execution was stopped does not turn ABORTED into FAILED.
        if record["status"] == "RUNNING":
            fail(record, error, cause)

    sfn._run_execution, sfn._fail_execution = run_execution, fail_execution


@contextmanager
def _deadline(record: dict[str, Any], machine: Mapping[str, Any], execution: Execution) -> Iterator[None]:
    """The state machine's own TimeoutSeconds, which MiniStack leaves out."""
    seconds = _timeout_seconds(machine)
    if not seconds:
        yield
        return
    context = contextvars.copy_context()
    timer = threading.Timer(seconds, lambda: context.run(_time_out, record, execution))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _timeout_seconds(machine: Mapping[str, Any]) -> float:
    try:
        return float(json.loads(machine["definition"]).get("TimeoutSeconds", 0))
    except ValueError:
        return 0.0


def _time_out(record: dict[str, Any], execution: Execution) -> None:
    if record["status"] != "RUNNING":
        return
    record.update(status="TIMED_OUT", stopDate=now_iso(), error="States.Timeout")
    sfn._add_event(record, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}})
    sfn._emit_execution_status_event(record)
    _tell_end()
    execution.end()


def _tell_end() -> None:
    with _some_ended:
        _some_ended.notify_all()


def _install_stop() -> None:
    stop = sfn._stop_execution

    def stop_execution(data: dict[str, Any]) -> Any:
        answer = stop(data)
        _tell_end()
        execution = _running.get(data.get("executionArn", ""))
        if answer[0] == 200 and execution:
            # What ends with the execution may take a while (a job's grace period): not on the event loop.
            threading.Thread(target=contextvars.copy_context().run, args=(execution.end,), daemon=True).start()
        return answer

    sfn._stop_execution = stop_execution


def _install_tasks(authorize: Authorize) -> None:
    invoke, invoke_with_timeout, call_back = (
        sfn._invoke_resource,
        sfn._invoke_resource_with_timeout,
        sfn._invoke_with_callback,
    )

    def checked(resource: str, arguments: Any) -> None:
        execution = current.get()
        if execution is None:
            return
        if execution.ended.is_set():
            raise ExecutionEnded(execution.arn)
        with _as_task_failure():
            authorize(execution, resource, arguments if isinstance(arguments, dict) else {})

    def invoke_resource(resource: str, arguments: Any) -> Any:
        checked(resource, arguments)
        return invoke(resource, arguments)

    def invoke_with_callback(resource: str, arguments: Any, token: str, state: dict[str, Any]) -> Any:
        checked(resource, arguments)
        return call_back(resource, arguments, token, state)

    def invoke_resource_with_timeout(resource: str, arguments: Any, timeout: float) -> Any:
        with own_end() as task:
            try:
                return invoke_with_timeout(resource, arguments, timeout)
            except sfn._ExecutionError as error:
                if task and error.error == "States.Timeout":
                    task.end()
                raise

    sfn._invoke_resource = invoke_resource
    sfn._invoke_resource_with_timeout = invoke_resource_with_timeout
    sfn._invoke_with_callback = invoke_with_callback


def _install_sdk_calls(headers_of: Callable[[Execution, str], dict[str, str]]) -> None:
    """Send what an `aws-sdk` integration calls through the gateway's own checks, as the execution's role."""
    call = gateway.call_service_handler_sync

    async def dispatch(*request: Any) -> Any:
        return await gateway._dispatch_service_request(*request, request_id="")

    def call_service(
        handler: Any, method: str, path: str, headers: dict[str, str], body: Any, query: Any, *rest: Any
    ) -> Any:
        execution = current.get()
        if execution is None:
            return call(handler, method, path, headers, body, query, *rest)
        signed = {**headers, **headers_of(execution, _signed_service(headers))}
        content = body.encode() if isinstance(body, str) else body
        return call(dispatch, method, path, signed, content, query, *rest)

    gateway.call_service_handler_sync = call_service


def _signed_service(headers: Mapping[str, str]) -> str:
    parts = headers.get("authorization", "").split("/")
    return parts[3] if len(parts) > 3 else headers.get("host", "").partition(".")[0]


def _integration(integration: Integration) -> Callable[[str, dict[str, Any]], Any]:
    def run(resource: str, arguments: dict[str, Any]) -> Any:
        execution = current.get()
        if execution is None:
            raise sfn._ExecutionError("States.Runtime", f"{resource} runs inside an execution only")
        with _as_task_failure():
            return integration(execution, resource, arguments)

    return run


@contextmanager
def _as_task_failure() -> Iterator[None]:
    try:
        yield
    except TaskFailed as failed:
        raise sfn._ExecutionError(failed.error, failed.cause) from failed
    except ApiError as error:
        # The role itself cannot be assumed any more.
        raise sfn._ExecutionError("States.Runtime", error.message) from error
