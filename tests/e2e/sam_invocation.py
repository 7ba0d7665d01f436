"""`sam local invoke`: a function's built artifact, in a container, against a running local cloud."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from samtranslator.yaml_helper import yaml_parse

from tests.e2e.container_engine import Engine
from tests.e2e.local_stage import ROOT, LocalStage
from tools.sam import SAM, sam_environment

_ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
_ARCHITECTURE_OPTION = ("--parameter-overrides", f"Architecture={_ARCHITECTURE}")


@dataclass(frozen=True)
class SamBuild:
    """What `sam build` made for this machine's processor (the template's default is Lambda's cheaper one)."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, cache: Path) -> "SamBuild":
        command = [SAM, "build", "--build-dir", folder, "--cache-dir", cache]
        made = subprocess.run(
            [*command, *_ARCHITECTURE_OPTION],
            cwd=ROOT,
            env=sam_environment(os.environ),
            capture_output=True,
            text=True,
        )
        assert made.returncode == 0, made.stderr[-4000:]
        return cls(folder)

    def aimed_at(self, stage: LocalStage, host: str) -> "LocalFunctions":
        """A template beside the built one, whose functions have the environment of the deployed ones and talk to
        `stage`. SAM passes only variables that the template declares, so they are declared here."""
        template = yaml_parse((self.folder / "template.yaml").read_text())
        functions = {
            name: resource["Properties"]
            for name, resource in template["Resources"].items()
            if resource["Type"] == "AWS::Serverless::Function"
        }
        client = {**stage.exports, "AWS_ENDPOINT_URL": f"http://{host}:{urlsplit(stage.endpoint_url).port}"}
        for name, properties in functions.items():
            properties["Environment"] = {"Variables": {**_deployed_environment(stage, name), **client}}
        aimed = self.folder / "aimed.json"
        aimed.write_text(json.dumps(template))
        return LocalFunctions(aimed, tuple(functions))


def _deployed_environment(stage: LocalStage, logical_id: str) -> dict[str, str]:
    resource = stage.client("cloudformation").describe_stack_resource(
        StackName="sluice-dev", LogicalResourceId=logical_id
    )
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    configuration = stage.client("lambda").get_function_configuration(FunctionName=name)
    return dict(configuration["Environment"]["Variables"])


@dataclass(frozen=True)
class LocalFunctions:
    template: Path
    names: tuple[str, ...]

    def invoke(self, engine: Engine, function: str, event: Mapping[str, Any]) -> Any:
        """The function's payload. SAM exits 0 when a function fails, so a failure is read from the payload."""
        options = ["--template", self.template, "--region", "us-east-1", "--event", "-"]
        # Fake credentials in SAM's own environment cost it seconds: it asks AWS whose they are.
        plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run(
            [SAM, "local", "invoke", function, *options, *_ARCHITECTURE_OPTION, *engine.sam_options],
            cwd=ROOT,
            env={**sam_environment(plain), **engine.settings},
            input=json.dumps(event),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        payload = _payload(done.stdout)
        assert not _is_failure(payload), f"{function} failed: {payload}\n{done.stderr[-4000:]}"
        return payload


def _payload(stdout: str) -> Any:
    """The last line; some engines' output holds the function's own log lines before it."""
    lines = [line for line in stdout.splitlines() if line.strip()]
    assert lines, "the function answered nothing"
    return json.loads(lines[-1])


def _is_failure(payload: Any) -> bool:
    return isinstance(payload, dict) and "errorType" in payload


def canonical(name: str, replacements: Mapping[str, str] | None = None) -> dict[str, Any]:
    """events/<name>.json, with its example's identifiers replaced by those of what really is there."""
    text = (ROOT / "events" / f"{name}.json").read_text()
    if replacements:
        pattern = re.compile("|".join(re.escape(found) for found in sorted(replacements, key=len, reverse=True)))
        text = pattern.sub(lambda match: replacements[match[0]], text)
    return dict(json.loads(text))
