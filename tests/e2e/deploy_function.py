"""DeployModel as the template configures it, handed its events by the test instead of by the rule."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e.local_stage import ROOT, LocalStage

NAME = "sluice-dev-deploy-model"
_LAMBDAS_RETRIES = 2
"""Of an asynchronous invocation that failed."""


@dataclass(frozen=True)
class Delivery:
    calls: list[str]
    """Answered by AWS, in their order: service:Operation."""
    answer: dict[str, Any] | None
    killed: bool
    error: str | None
    transient: bool
    """Whether the error is one that Lambda delivers the event again for, and nobody need know."""


@dataclass(frozen=True)
class DeployFunction:
    process: "subprocess.Popen[str]"

    def deliver(self, event: Mapping[str, Any], kill_after: int = 0) -> Delivery:
        """kill_after: the call to AWS that is its last; 0 lets it live. Answers the last of up to three attempts."""
        delivery = self._attempt(event, kill_after)
        for _ in range(_LAMBDAS_RETRIES):
            if delivery.transient:
                delivery = self._attempt(event, kill_after)
        assert delivery.error is None, delivery.error
        return delivery

    def _attempt(self, event: Mapping[str, Any], kill_after: int) -> Delivery:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"event": event, "kill_after": kill_after}), file=self.process.stdin, flush=True)
        return Delivery(**json.loads(self.process.stdout.readline()))


@contextmanager
def deploy_function(stage: LocalStage) -> Iterator[DeployFunction]:
    """Under the function's own role, as the session that Lambda would open for it."""
    function = stage.client("lambda").get_function_configuration(FunctionName=NAME)
    session = stage.client("sts").assume_role(RoleArn=function["Role"], RoleSessionName=NAME)["Credentials"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLUICE_"))},
        **function["Environment"]["Variables"],
        "AWS_ENDPOINT_URL": stage.endpoint_url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
        "AWS_LAMBDA_FUNCTION_NAME": NAME,
        "POWERTOOLS_TRACE_DISABLED": "true",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "layers/shared"))),
    }
    log = stage.state_dir / "killed_lambda.log"
    command = [sys.executable, "-m", "tests.e2e.killed_lambda"]
    with (
        log.open("a") as errors,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        yield DeployFunction(process)
        assert process.stdin is not None
        process.stdin.close()


@contextmanager
def rule_disabled(stage: LocalStage, name: str) -> Iterator[None]:
    """Its events reach nobody meanwhile."""
    events = stage.client("events")
    events.disable_rule(Name=name)
    try:
        yield
    finally:
        events.enable_rule(Name=name)
