"""Starts the state machine that walks a trial's steps, once both variants serve."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sluice.aws.production import Deployment
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition import RealTime
from sluice.naming import variant_of
from sluice.rollout import PackageRef
from sluice.serving.alarms import alarm_requests

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class Trials:
    stage: str
    client: "SFNClient"
    machine_arn: str
    definitions: VersionDefinitions

    def start(self, model: str, arriving: Deployment) -> None:
        """A trial without steps stays as it is until a person changes it. An execution's name is its config's, so a
        redelivery starts none: StartExecution with the same name and input answers with the one that runs."""
        if arriving.trial is None or not arriving.trial.steps:
            return
        document = json.dumps(self._input(model, arriving), sort_keys=True)
        try:
            self.client.start_execution(stateMachineArn=self.machine_arn, name=arriving.config_name, input=document)
        except self.client.exceptions.ExecutionAlreadyExists:
            return  # it has ended by now

    def _input(self, model: str, arriving: Deployment) -> dict[str, Any]:
        trial = arriving.trial
        if trial is None:
            raise ValueError(f"{arriving.config_name} is no trial")
        settings = self.definitions.deployment_of(arriving.package.arn)
        variant = variant_of(arriving.package.version)
        alarms = settings.alarms if isinstance(settings, RealTime) else None
        watched = alarm_requests(arriving.endpoint_name, [variant], alarms, "") if alarms else []
        return {
            "stage": self.stage,
            "model": model,
            "endpoint_name": arriving.endpoint_name,
            "config_name": arriving.config_name,
            "kind": trial.kind,
            "definition_uri": self.definitions.uri(arriving.package.arn),
            "champion": _described(trial.champion),
            "challenger": _described(arriving.package),
            "steps": [asdict(step) for step in trial.steps],
            "alarms": [request["AlarmName"] for request in watched],
            "started_by": arriving.requested_by,
        }


def _described(package: PackageRef) -> dict[str, Any]:
    return {"version": package.version, "variant": variant_of(package.version), "package_arn": package.arn}
