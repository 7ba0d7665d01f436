"""Functions as Lambda runs them: what they see, how they fail, what their log says."""

import json
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.integration.localcloud.conftest import Running, zipped
from tests.waiting import eventually

OTHER_PYTHON = "cpython-39-x86_64-linux-gnu"


def invoke(cloud: Running, function: str, event: Any = None) -> tuple[Any, str]:
    """The payload, and `Unhandled` or nothing."""
    answer = cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read()), answer.get("FunctionError", "")


def layer(cloud: Running, files: dict[str, str]) -> str:
    published = cloud.client("lambda").publish_layer_version(
        LayerName=f"layer-{uuid.uuid4().hex[:8]}", Content={"ZipFile": zipped(files)}
    )
    return str(published["LayerVersionArn"])


def test_a_failure_carries_the_exceptions_class_and_trace(cloud: Running) -> None:
    function = cloud.function(
        """
        class NoSuchModel(LookupError):
            pass

        def handle(event, context):
            return find(event["model"])

        def find(name):
            raise NoSuchModel(f"{name} is not defined")
        """
    )

    payload, kind = invoke(cloud, function, {"model": "churn"})

    assert kind == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("NoSuchModel", "churn is not defined")
    assert [line.split(", in ")[1].split("\n")[0] for line in payload["stackTrace"]] == ["handle", "find"]


def test_a_failure_leaves_the_process_warm(cloud: Running) -> None:
    function = cloud.function(
        """
        import os

        def handle(event, context):
            if event == "fail":
                raise ValueError("asked to")
            return os.getpid()
        """
    )
    before, _ = invoke(cloud, function)

    assert invoke(cloud, function, "fail")[1] == "Unhandled"

    assert invoke(cloud, function)[0] == before


def test_a_process_that_does_not_start_leaves_its_neighbours_alone(cloud: Running, tmp_path: Path) -> None:
    function = cloud.function(
        f"""
        import os, time
        from pathlib import Path

        folder = Path({str(tmp_path)!r})
        if (folder / "busy").exists():
            os._exit(3)

        def handle(event, context):
            (folder / "busy").touch()
            while not (folder / "release").exists():
                time.sleep(0.01)
            return "served"
        """
    )
    with ThreadPoolExecutor(1) as first:
        serving = first.submit(invoke, cloud, function)
        eventually((tmp_path / "busy").exists)
        failed, kind = invoke(cloud, function)
        (tmp_path / "release").touch()

        assert serving.result() == ("served", "")
    assert (failed["errorType"], kind) == ("Runtime.ExitError", "Unhandled")


def test_many_cold_starts_at_once_each_answer(cloud: Running) -> None:
    function = cloud.function("def handle(event, context): return event\n")

    with ThreadPoolExecutor(24) as together:
        answers = list(together.map(lambda number: invoke(cloud, function, number), range(24)))

    assert answers == [(number, "") for number in range(24)]


def test_a_missing_module_is_an_import_error_in_lambdas_words(cloud: Running) -> None:
    payload, kind = invoke(cloud, cloud.function("import forgotten\ndef handle(event, context): ...\n"))

    assert kind == "Unhandled"
    assert payload["errorType"] == "Runtime.ImportModuleError"
    assert payload["errorMessage"] == "Unable to import module 'handler': No module named 'forgotten'"


def test_a_missing_handler_is_named(cloud: Running) -> None:
    payload, _ = invoke(cloud, cloud.function("def other(event, context): ...\n"))

    assert payload["errorType"] == "Runtime.HandlerNotFound"
    assert payload["errorMessage"] == "Handler 'handle' missing on module 'handler'"


def test_an_answer_that_is_not_json_is_a_marshal_error(cloud: Running) -> None:
    payload, _ = invoke(cloud, cloud.function("def handle(event, context): return {1, 2}\n"))

    assert payload["errorType"] == "Runtime.MarshalError"
    assert "set is not JSON serializable" in payload["errorMessage"]


@pytest.mark.parametrize("name", ["localcloud", "sluice", "functions", "cli", "tests"])
def test_a_function_does_not_see_the_project(cloud: Running, name: str) -> None:
    payload, _ = invoke(cloud, cloud.function(f"import {name}\ndef handle(event, context): ...\n"))

    assert payload["errorMessage"] == f"Unable to import module 'handler': No module named '{name}'"


def test_a_function_sees_the_packages_of_the_environment(cloud: Running) -> None:
    code = "import boto3\ndef handle(event, context): return boto3.__name__\n"

    assert invoke(cloud, cloud.function(code))[0] == "boto3"


def test_code_comes_before_layers_and_layers_before_the_environment(cloud: Running) -> None:
    attached = layer(cloud, {"python/rich/__init__.py": "ORIGIN = 'layer'", "python/handler.py": "raise RuntimeError"})
    code = "import rich\ndef handle(event, context): return rich.ORIGIN\n"

    assert invoke(cloud, cloud.function(code, Layers=[attached]))[0] == "layer"


def test_a_binary_for_another_python_comes_from_the_local_environment(cloud: Running) -> None:
    files = {
        "python/pydantic_core/__init__.py": "raise ImportError('the copy of the layer')",
        f"python/pydantic_core/_pydantic_core.{OTHER_PYTHON}.so": "not for us",
        "python/pure/__init__.py": "ORIGIN = 'layer'",
    }
    code = """
        import pure
        import pydantic_core

        def handle(event, context):
            return [pure.ORIGIN, pydantic_core.__file__]
        """
    function = cloud.function(code, Layers=[layer(cloud, files)])

    origin, file = invoke(cloud, function)[0]

    assert origin == "layer"
    assert file.startswith(sys.prefix)
    log = eventually(lambda: cloud.log(function))
    assert log.count("pydantic_core comes from the local environment") == 1


def test_the_context_and_the_environment_are_lambdas(cloud: Running) -> None:
    function = cloud.function(
        """
        import os

        def handle(event, context):
            return {
                "name": context.function_name,
                "memory": context.memory_limit_in_mb,
                "arn": context.invoked_function_arn,
                "remaining": context.get_remaining_time_in_millis(),
                "root": os.environ["LAMBDA_TASK_ROOT"] == os.getcwd(),
                "own": os.environ["OWN"],
            }
        """,
        Timeout=30,
        MemorySize=256,
        Environment={"Variables": {"OWN": "value"}},
    )

    seen, _ = invoke(cloud, function)

    assert 29_000 < seen.pop("remaining") <= 30_000
    name = function.rsplit(":", 1)[-1]
    assert seen == {"name": name, "memory": 256, "arn": function, "root": True, "own": "value"}


def test_a_role_that_does_not_trust_lambda_runs_nothing(cloud: Running) -> None:
    function = cloud.function("def handle(event, context): ...\n", cloud.role("states.amazonaws.com"))

    payload, kind = invoke(cloud, function)

    assert kind == "Unhandled"
    assert "allows principal 'lambda.amazonaws.com' to assume the role" in payload["errorMessage"]


def test_the_log_of_an_invocation_is_what_it_wrote(cloud: Running) -> None:
    """To its last letter, and nothing of ours; what an invocation wrote stands before its own REPORT."""
    function = cloud.function(
        """
        import sys

        def handle(event, context):
            print("first", event)
            sys.stderr.write("without an end")
            print("", end="")
        """
    )

    for number in (1, 2):
        invoke(cloud, function, number)

    log = eventually(lambda: (found := cloud.log(function)).count("REPORT") == 2 and found)
    assert log.count("without an end") == 2
    assert "localcloud" not in log
    assert "\x1e" not in log
    assert log.index("first 1") < log.index("REPORT") < log.index("first 2")


def test_what_a_function_prints_is_in_its_log_group(cloud: Running) -> None:
    function = cloud.function("def handle(event, context): print('a line'); raise OSError('gone')\n")

    invoke(cloud, function)

    log = eventually(lambda: cloud.log(function))
    assert "a line" in log
    assert "[ERROR] OSError: gone" in log
    assert "REPORT RequestId" in log


def test_a_function_acts_as_its_role(cloud: Running) -> None:
    function = cloud.function(
        "import boto3\ndef handle(event, context): return boto3.client('s3').list_buckets()['Buckets'] and None\n",
        cloud.role("lambda.amazonaws.com", {"Action": "sqs:*", "Resource": "*"}),
        Timeout=30,
    )

    payload, kind = invoke(cloud, function)

    assert kind == "Unhandled"
    assert "AccessDenied" in payload["errorMessage"]
