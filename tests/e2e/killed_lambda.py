"""DeployModel in processes of its own, which may be killed after any call to AWS.

    python -m tests.e2e.killed_lambda

with the function's environment and its role's credentials. In, a line for each delivery: {"event": …, "kill_after": n},
where 0 lets it live. Out, a line: {"calls": [those that were answered], "answer": … or null, "killed": …, "error": …,
"transient": …}.

Each delivery is a fork, so that what is imported and built is so once; a kill is a kill: no `finally` runs.
"""

import json
import os
import sys
import traceback
from types import SimpleNamespace
from typing import Any, TextIO

import botocore

from sluice.errors import TransientError

_KILLED = 9
_NEARLY_OVER = 1
_TIME_LEFT = 300_000


class _Calls:
    """Counts the calls that AWS answered, tells each, and ends the process after the last that is to be made."""

    def __init__(self, kill_after: int, told: TextIO) -> None:
        self._left = kill_after
        self._told = told

    def answered(self, model: Any, **_: Any) -> None:
        print(json.dumps({"call": f"{model.service_model.service_name}:{model.name}"}), file=self._told, flush=True)
        self._left -= 1
        if self._left == 0:
            os._exit(_KILLED)


def main() -> None:
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Powertools logs to standard output
    from functions.deploy_model import handler  # before the forks: it takes a second

    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_deliver(handler.handle, asked["event"], asked["kill_after"])), file=told, flush=True)


def _deliver(handle: Any, event: dict[str, Any], kill_after: int) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as told:
            _run(handle, event, kill_after, told)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as heard:
        lines = [json.loads(line) for line in heard]
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _KILLED
    ended = lines[-1] if lines and "call" not in lines[-1] else _ended()
    return {"calls": [line["call"] for line in lines if "call" in line], "killed": killed, **ended}


def _run(handle: Any, event: dict[str, Any], kill_after: int, told: TextIO) -> None:
    calls = _Calls(kill_after, told)
    # Of every session, also of those that libraries make for themselves.
    botocore.register_initializer(lambda session: session.register("after-call", calls.answered))
    try:
        ended = _ended(handle(event, _context(kill_after)))
    except Exception as error:  # the process's edge: the test shows it
        ended = _ended(error=traceback.format_exc(), transient=isinstance(error, TransientError))
    print(json.dumps(ended), file=told, flush=True)


def _ended(answer: Any = None, error: str | None = None, transient: bool = False) -> dict[str, Any]:
    return {"answer": answer, "error": error, "transient": transient}


def _context(kill_after: int) -> Any:
    """One that is to be killed has no time left: Lambda kills what has none, and only then delivers again."""
    return SimpleNamespace(
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:sluice-dev-deploy-model",
        aws_request_id="killed",
        get_remaining_time_in_millis=lambda: _NEARLY_OVER if kill_after else _TIME_LEFT,
    )


if __name__ == "__main__":
    main()
