"""The function's process, spoken to as MiniStack does: one JSON document a line."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from localcloud import lambda_bootstrap

FOREIGN = "cpython-39-x86_64-linux-gnu.so"


class Worker:
    """A process of the bootstrap for the code and layer given as {path: text}."""

    def __init__(self, folder: Path, code: Mapping[str, str], layer: Mapping[str, str]) -> None:
        folder.mkdir()
        _unpack(folder / "code", folder / "code.zip", code)
        _unpack(folder / "unpacked", folder / "unpacked.zip", layer)
        _unpack(folder / "layer_0", folder / "layer_0.zip", {lambda_bootstrap.POINTER: str(folder / "unpacked")})
        script = folder / "_worker.py"
        script.write_text(Path(lambda_bootstrap.__file__).read_text())
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            cwd=folder / "code",
            env={
                "PATH": os.environ["PATH"],
                "_LAMBDA_LAYERS_DIRS": str(folder / "layer_0"),
                "_LAMBDA_TIMEOUT": "30",
                lambda_bootstrap.CACHE_VARIABLE: str(folder.parent / "cache"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        init = {"code_dir": str(folder / "code"), "module": "handler", "handler": "handle", "function_name": "f"}
        assert self.say(init) == {"status": "ready", "cold": True}

    def invoke(self, event: Any = None, **context: Any) -> dict[str, Any]:
        return self.say({"event": event, "ctx": context})

    def say(self, document: Mapping[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(document) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> str:
        """What it wrote to its log, after the end of its input."""
        return self.process.communicate(timeout=60)[1]


Start = Callable[..., Worker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    workers: list[Worker] = []

    def start_worker(handler: str, layer: Mapping[str, str] | None = None) -> Worker:
        workers.append(Worker(tmp_path / f"worker-{len(workers)}", {"handler.py": handler}, layer or {}))
        return workers[-1]

    yield start_worker
    for worker in workers:
        worker.process.kill()
        worker.process.communicate()


def _unpack(folder: Path, archive: Path, files: Mapping[str, str]) -> None:
    folder.mkdir()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name, text)
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)


def test_answers_and_prints_are_kept_apart(start: Start) -> None:
    worker = start("def handle(event, context):\n    print('a line')\n    return event['n'] + 1\n")

    assert worker.invoke({"n": 1}) == {"status": "ok", "result": 2}

    assert worker.end() == f"a line\n{lambda_bootstrap.END_OF_LOG}\n"


def test_it_ends_with_its_input_and_not_by_an_interrupt(start: Start) -> None:
    worker = start("def handle(event, context): return 'here'\n")
    worker.process.send_signal(signal.SIGINT)
    assert worker.invoke()["result"] == "here"

    worker.end()

    assert worker.process.returncode == 0


def test_what_belongs_to_one_invocation_is_gone_in_the_next(start: Start) -> None:
    worker = start(
        "import os\ndef handle(event, context):\n"
        "    return [os.environ.get('_X_AMZN_TRACE_ID'), context.aws_request_id]\n"
    )

    assert worker.invoke(trace_id="Root=1", request_id="one")["result"] == ["Root=1", "one"]
    assert worker.invoke(request_id="two")["result"] == [None, "two"]


def test_a_failing_import_is_told_by_the_first_invocation(start: Start) -> None:
    worker = start("raise LookupError('at import')\n")

    answer = worker.invoke()

    assert answer["status"] == "error"
    assert (answer["error_details"]["errorType"], answer["error"]) == ("LookupError", "at import")


def test_a_binary_that_fits_stays_with_its_layer(start: Start) -> None:
    layer = {
        "python/fits/__init__.py": "",
        f"python/fits/_fast.{FOREIGN}": "",
        "python/fits/_fast.abi3.so": "",
        "python/pure/__init__.py": "",
        "python/pure/data/libfoo.so": "not an extension",
        "python/fits.libs/libbar.so": "bundled",
    }
    worker = start("import fits, pure\ndef handle(event, context): return [fits.__file__, pure.__file__]\n", layer)

    found = worker.invoke()["result"]

    assert all("/unpacked/python/" in path for path in found)


def test_a_foreign_binary_that_is_nowhere_else_is_named(start: Start) -> None:
    layer = {"python/rare/__init__.py": "", f"python/rare/_fast.{FOREIGN}": ""}
    worker = start("import rare\ndef handle(event, context): ...\n", layer)

    details = worker.invoke()["error_details"]

    assert details["errorType"] == "Runtime.ImportModuleError"
    assert "rare in the layer is not built for Python" in details["errorMessage"]


def test_the_same_code_lies_in_the_same_place(start: Start) -> None:
    code = "def handle(event, context): return __file__\n"

    first, second = start(code), start(code)
    changed = start(code + "# changed\n")

    assert first.invoke()["result"] == second.invoke()["result"]
    assert first.invoke()["result"] != changed.invoke()["result"]
