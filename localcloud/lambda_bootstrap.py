"""The process in which a Python function runs. MiniStack starts it as a script, from a copy of this text.

It keeps MiniStack's protocol (one JSON document a line: init, then an answer, then an envelope and an answer per
invocation) and does what Lambda's own runtime does: the function sees its code, its layers and the runtime's packages,
and nothing of the project it was deployed from; a failure carries the exception's class, message and trace.

It imports nothing of the local cloud, and only the standard library before the function's own imports.
"""

import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import json
import os
import signal
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

# Set by the server: where unpacked code lies by its content, so that its bytecode is compiled once.
CACHE_VARIABLE = "LOCALCLOUD_LAMBDA_CACHE"
# A layer that holds only this file lies unpacked at the path the file names.
POINTER = ".localcloud-layer"
# The last line that an invocation writes to its log; the server takes it out.
END_OF_LOG = "\x1elocalcloud: end of the invocation's log"

_DURABLE_VARIABLES = (
    "AWS_LAMBDA_DURABLE_EXECUTION_ARN",
    "AWS_LAMBDA_DURABLE_CHECKPOINT_TOKEN",
    "AWS_LAMBDA_DURABLE_EXECUTION_NAME",
)


class Context:
    """Lambda's context object, as far as functions and Powertools read it."""

    identity = None
    client_context = None

    def __init__(self, init: dict[str, Any], invocation: dict[str, Any]) -> None:
        self.function_name = init.get("function_name", "")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        self.memory_limit_in_mb = init.get("memory", 128)
        self.invoked_function_arn = invocation.get("invoked_function_arn") or init.get("arn", "")
        self.aws_request_id = invocation.get("request_id", "")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", f"/aws/lambda/{self.function_name}")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self._deadline = time.time() + float(os.environ.get("_LAMBDA_TIMEOUT", "3"))

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


Handler = Callable[[Any, Context], Any]


class RuntimeFault(Exception):
    """A failure that Lambda's runtime names itself, e.g. Runtime.ImportModuleError."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class LocalBinaries:
    """Finds, in the local environment, packages whose layer copy is compiled for another Python.

    `sam build` fetches binaries for the function's runtime; functions run here on the interpreter of the local cloud.
    """

    def __init__(self, unfit: Iterable[str], local_path: Sequence[str]) -> None:
        self._unfit = frozenset(unfit)
        self._local_path = list(local_path)

    def find_spec(self, name: str, path: Any = None, _target: Any = None) -> Any:
        if path is not None or name not in self._unfit:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, self._local_path)
        if spec is None:
            tag = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise ImportError(f"{name} in the layer is not built for Python {tag}, and is not installed locally either")
        print(f"local cloud: {name} comes from the local environment: the layer's is built for another Python")
        return spec


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    init = json.loads(sys.stdin.readline())
    os.environ.update(init.get("env", {}))
    try:
        handler = _load(init)
    except Exception as error:
        # As in Lambda, the first invocation gets the answer; MiniStack ends this process with it.
        _write(answers, {"status": "ready", "cold": True})
        sys.stdin.readline()
        report = _report(_as_runtime_fault(error, init))
        _write(answers, {"status": "error", "error": str(error), "error_details": report})
        return
    _write(answers, {"status": "ready", "cold": True})
    for line in sys.stdin:
        envelope = json.loads(line)
        answer = _invoke(handler, init, envelope["event"], envelope.get("ctx") or {})
        _end_log()
        _write(answers, answer)


def _invoke(handler: Handler, init: dict[str, Any], event: Any, invocation: dict[str, Any]) -> dict[str, Any]:
    """`ok` even for a failure, which stands in `error_details`: any other status makes MiniStack end the process."""
    _set_invocation_environment(invocation)
    try:
        result = handler(event, Context(init, invocation))
    except Exception as error:
        return {"status": "ok", "result": None, "error_details": _report(error)}
    try:
        json.dumps(result)
    except (TypeError, ValueError) as error:
        fault = RuntimeFault("Runtime.MarshalError", f"Unable to marshal response: {error}")
        return {"status": "ok", "result": None, "error_details": _report(fault)}
    return {"status": "ok", "result": result}


def _write(answers: TextIO, answer: dict[str, Any]) -> None:
    # What the function printed has to be in the log before the invocation ends.
    sys.stderr.flush()
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _end_log() -> None:
    """Without it the server waits, for a function that says nothing 50 ms, whether there is more to come."""
    sys.stderr.flush()
    os.write(2, f"{END_OF_LOG}\n".encode())


def _set_invocation_environment(invocation: dict[str, Any]) -> None:
    durable = invocation.get("durable") or {}
    values = {name: durable.get(name) for name in _DURABLE_VARIABLES}
    for name, value in {**values, "_X_AMZN_TRACE_ID": invocation.get("trace_id")}.items():
        if value:
            os.environ[name] = str(value)
        else:
            os.environ.pop(name, None)


def _report(error: Exception) -> dict[str, Any]:
    """The failure as Lambda returns it, printed as Lambda logs it. The first frame, ours, is left out."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    kind = error.error_type if isinstance(error, RuntimeFault) else type(error).__name__
    trace = traceback.format_list(frames)
    print(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(trace)}", end="")
    return {"errorMessage": str(error), "errorType": kind, "stackTrace": trace}


def _as_runtime_fault(error: Exception, init: dict[str, Any]) -> Exception:
    if isinstance(error, ImportError):
        fault: Exception = RuntimeFault(
            "Runtime.ImportModuleError", f"Unable to import module '{init['module']}': {error}"
        )
    elif isinstance(error, SyntaxError):
        fault = RuntimeFault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{init['module']}': {error}")
    else:
        return error
    return fault.with_traceback(error.__traceback__)


def _load(init: dict[str, Any]) -> Handler:
    task_root = _by_content(Path(init["code_dir"]), Path(init["code_dir"]).parent / "code.zip")
    layers = [_layer(Path(folder)) for folder in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if folder]
    os.environ["LAMBDA_TASK_ROOT"] = str(task_root)
    os.environ["_HANDLER"] = f"{init['module']}.{init['handler']}"
    os.chdir(task_root)
    local_path = _without_projects(sys.path[1:])
    layer_path = [path for layer in layers for path in _import_paths(layer)]
    # Lambda's order: the function's code, its layers, the runtime's packages.
    sys.path[:] = [str(task_root), *map(str, layer_path), *local_path]
    unfit = _unfit_packages(layer_path)
    if unfit:
        sys.meta_path.insert(0, LocalBinaries(unfit, local_path))
    module = importlib.import_module(init["module"])
    if not hasattr(module, init["handler"]):
        message = f"Handler '{init['handler']}' missing on module '{init['module']}'"
        raise RuntimeFault("Runtime.HandlerNotFound", message)
    handler: Handler = getattr(module, init["handler"])
    return handler


def _by_content(folder: Path, archive: Path) -> Path:
    """Move what was unpacked to a place named by its content, or use what lies there already."""
    cache = os.environ.get(CACHE_VARIABLE)
    if not cache or not archive.is_file():
        return folder
    with zipfile.ZipFile(archive) as unpacked:
        listing = "\n".join(f"{entry.filename} {entry.CRC} {entry.file_size}" for entry in unpacked.infolist())
    place = Path(cache) / hashlib.sha256(listing.encode()).hexdigest()[:24]
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.rename(place)
        except OSError:
            # Another worker of the same code came first, or the cache is on another file system.
            return place if place.exists() else folder
    return place


def _layer(folder: Path) -> Path:
    pointer = folder / POINTER
    return Path(pointer.read_text()) if pointer.is_file() else folder


def _without_projects(paths: Sequence[str]) -> list[str]:
    """The interpreter's and its environment's packages; an editable install would show a function the whole project."""
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not getattr(finder, "__module__", "").startswith("__editable__")
    ]
    homes = [Path(home).resolve() for home in {sys.prefix, sys.base_prefix, sys.exec_prefix}]
    return [path for path in paths if path and any(Path(path).resolve().is_relative_to(home) for home in homes)]


def _import_paths(layer: Path) -> list[Path]:
    packages = layer / "python"
    nested = sorted(packages.glob("lib/python*/site-packages"))
    return [*nested, packages] if packages.is_dir() else []


def _unfit_packages(paths: Sequence[Path]) -> set[str]:
    """Top-level names with an extension module, none of which this interpreter could load."""
    fits: dict[str, bool] = {}
    endings = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    for path in paths:
        for binary in path.rglob("*.so"):
            if ".libs" in binary.parts[len(path.parts)] or not _is_extension(binary.name):
                continue
            name = binary.relative_to(path).parts[0].partition(".")[0]
            fits[name] = fits.get(name, False) or binary.name.endswith(endings[:-1])
    return {name for name, fit in fits.items() if not fit}


def _is_extension(file_name: str) -> bool:
    """`x.cpython-313-….so` and `x.abi3.so` are extension modules; a bare `libx.so` may be anything."""
    return any(part.startswith(("cpython-", "abi3")) for part in file_name.split(".")[1:-1])


if __name__ == "__main__":
    main()
