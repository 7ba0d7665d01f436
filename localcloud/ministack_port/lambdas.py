"""Lambda: our worker in place of MiniStack's, the exception's own name in errors, and the role behind it all."""

import contextvars
import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localcloud import lambda_bootstrap
from localcloud.cloud import Credentials

_log = logging.getLogger(__name__)

# Asks whether a function's role may send its dead letter: (role ARN, function name, target ARN).
MaySend = Callable[[str, str, str], bool]
# A session of a function's role for the function of that name; raises ApiError when Lambda may not assume the role.
OpenSession = Callable[[str, str], Credentials]

_LOG_SECONDS = 0.25
"""How long an answered invocation's log is waited for at most."""

_response = threading.local()
_warming = ThreadPoolExecutor(1, "function-warming")


def install(may_send: MaySend, open_session: OpenSession) -> None:
    _install_worker()
    _install_ends_of_logs()
    _install_isolated_failures()
    _install_sessions(open_session)
    _install_error_names()
    _install_dead_letter_check(may_send)


def stop_workers() -> None:
    _warming.shutdown(wait=False, cancel_futures=True)
    lambda_runtime.reset()


def warm(name: str) -> None:
    """Start a deployed function's process before its first invocation, as Lambda's proactive initialization does.

    One after the other, in the background; an invocation that comes meanwhile waits for the process being started.
    """
    _warming.submit(contextvars.copy_context().run, _start_worker, name)


def set_dead_letters(name: str, config: dict[str, str] | None) -> None:
    """The function's DeadLetterConfig; None: it has none."""
    record = lambda_svc._functions[name]["config"]
    record.pop("DeadLetterConfig", None)
    if config:
        record["DeadLetterConfig"] = dict(config)


def _start_worker(name: str) -> None:
    record = lambda_svc._functions.get(name)
    if not record or not record.get("code_zip"):
        return
    config = record["config"]
    worker = lambda_runtime.get_or_create_worker(name, config, record["code_zip"], config.get("Version", "$LATEST"))
    try:
        lambda_runtime.ensure_spawned(worker)
    except Exception as error:  # the thread's edge: the first invocation will meet the same, and tell its caller
        _log.warning("function %s was not started ahead: %s", name, error)


def _install_worker() -> None:
    detect = lambda_runtime._detect_runtime_binary
    script = Path(lambda_bootstrap.__file__).read_text()

    def runtime_binary(runtime: str) -> tuple[str, str]:
        binary, source = detect(runtime)
        return (binary, script) if runtime.startswith("python") else (binary, source)

    lambda_runtime._detect_runtime_binary = runtime_binary


def _install_ends_of_logs() -> None:
    """Our worker says where an invocation's log ends; MiniStack waits until nothing has come for some milliseconds."""
    drain = lambda_runtime.Worker._drain_stderr_bounded

    def drain_to_end(worker: Any, *args: Any, **kwargs: Any) -> str:
        runs_on = worker._proc is not None and str(worker.config.get("Runtime", "")).startswith("python")
        return _lines_to_end(worker._stderr_queue) if runs_on else str(drain(worker, *args, **kwargs))

    lambda_runtime.Worker._drain_stderr_bounded = drain_to_end


def _lines_to_end(written: "queue.Queue[str]") -> str:
    lines: list[str] = []
    deadline = time.monotonic() + _LOG_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = written.get(timeout=left)
        except queue.Empty:
            break
        # What was printed last may lack its line's end.
        ended = line.endswith(lambda_bootstrap.END_OF_LOG)
        line = line.removesuffix(lambda_bootstrap.END_OF_LOG)
        if line or not ended:
            lines.append(line)
        if ended:
            break
    return "\n".join(lines)


def _install_isolated_failures() -> None:
    """A process that could not be started fails its own invocation.

    MiniStack answers the exception by ending all processes of the function, under the invocations they are serving.
    """
    invoke = lambda_runtime.Worker.invoke

    def isolated(worker: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return invoke(worker, *args, **kwargs)
        except Exception as error:  # the edge of one invocation; its caller is told
            _log.warning("function %s did not start: %s", worker.func_name, error)
            lambda_runtime.kill_workers([worker])
            details = {"errorType": "Runtime.ExitError", "errorMessage": str(error)}
            return {"status": "error", "error": str(error), "error_details": details, "cold_start": True}

    lambda_runtime.Worker.invoke = isolated


def _install_sessions(open_session: OpenSession) -> None:
    """MiniStack derives a function's keys from its ARN, which anyone can do, and never asks whom the role trusts."""

    def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
        return open_session(config.get("Role", ""), config.get("FunctionName", "")).environment()

    lambda_runtime.execution_credentials = execution_credentials


def _install_error_names() -> None:
    """MiniStack calls every failure `Runtime.HandlerError`; AWS gives the exception's class name and its trace.

    State machines catch by that name.
    """
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def remembering(worker: Any, *args: Any, **kwargs: Any) -> Any:
        _response.value = invoke(worker, *args, **kwargs)
        return _response.value

    def execute_warm(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        _response.value = None
        result: dict[str, Any] = execute(function, event, request_id)
        details = (_response.value or {}).get("error_details")
        if not details:
            return result
        # The trace is in the log already: the worker prints it as Lambda does.
        log = (_response.value or {}).get("log", "")
        return {"body": {**details, "requestId": request_id}, "error": True, "log": log}

    lambda_runtime.Worker.invoke = remembering
    lambda_svc._execute_function_warm = execute_warm


def _install_dead_letter_check(may_send: MaySend) -> None:
    route = lambda_svc._route_async_failure

    def route_async_failure(target_arn: str, function_name: str, event: Any, result: dict[str, Any]) -> None:
        record = lambda_svc._functions.get(function_name) or {}
        role = (record.get("config") or {}).get("Role", "")
        if may_send(role, function_name, target_arn):
            route(target_arn, function_name, event, result)
            return
        _log.error("event of %s lost: its role may not send to %s: %s", function_name, target_arn, json.dumps(event))

    lambda_svc._route_async_failure = route_async_failure
