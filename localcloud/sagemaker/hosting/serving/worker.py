"""One model server: loads the model through inference.py's model_fn, then answers on an inherited socket.

Started by `localcloud.sagemaker.hosting.instance`. /ping is answered only after the model is loaded: until then the
gateway's request waits in the socket's backlog, and a process that dies breaks it off. Requests run one at a time
unless the model's SAGEMAKER_MODEL_SERVER_WORKERS says more: inference scripts are not written for threads (the
containers run a process a worker).
"""

import argparse
import importlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.sagemaker.hosting.serving.transform import ScriptError, invocation, transform_of
from localcloud.sagemaker.hosting.serving.wire import Reply, Request, serve

SCRIPT_FUNCTIONS = ("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn")


def main(argv: Sequence[str]) -> None:
    options = _options(argv)
    # A SIGTERM ends the process at once: the gateway drains an instance before it stops it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    functions = _script(options.code_dir, options.program)
    transform = transform_of(functions, lambda: _defaults(options.framework))
    model = _model(functions, options)
    listener = socket.socket(fileno=options.fd)
    print(f"[localcloud] model loaded, serving {options.program}", flush=True)
    serve(listener, _answer(model, transform, _workers()))


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serving.worker")
    parser.add_argument("--fd", type=int, required=True, help="the listening socket, inherited")
    parser.add_argument("--model-dir", required=True)
    parser.add_argument("--code-dir", required=True)
    parser.add_argument("--program", required=True, help="the inference script's file or module name")
    parser.add_argument("--framework", required=True, choices=["xgboost", "scikit-learn"])
    return parser.parse_args(argv)


def _script(code_dir: str, program: str) -> dict[str, Callable[..., Any]]:
    sys.path.insert(0, code_dir)
    module = importlib.import_module(program.removesuffix(".py"))
    return {name: getattr(module, name) for name in SCRIPT_FUNCTIONS if hasattr(module, name)}


def _defaults(framework: str) -> Mapping[str, Any]:
    from localcloud.sagemaker.hosting.serving import defaults

    return defaults.handlers(framework)


def _model(functions: Mapping[str, Callable[..., Any]], options: argparse.Namespace) -> Any:
    if "model_fn" not in functions:
        raise ScriptError(f"{options.program} defines no model_fn; the {options.framework} container has no default")
    return functions["model_fn"](options.model_dir)


def _workers() -> int:
    return max(1, int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS", "1")))


def _answer(model: Any, transform: Callable[..., Any], workers: int) -> Callable[[Request], Reply]:
    turns = threading.BoundedSemaphore(workers)

    def answer(request: Request) -> Reply:
        if request.path == "/ping":
            return Reply(200)
        if request.path != "/invocations":
            return Reply(404)
        with turns:
            return invocation(model, transform, request)

    return answer
