"""The CloudWatch alarms that a deployment is watched by: who may look at them, and whether one has gone off."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from localcloud.cloud import Caller, Cloud
from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.refusals import invalid

SAGEMAKER: Final = "sagemaker.amazonaws.com"
_LOOK: Final = "cloudwatch:DescribeAlarms"


class RollbackAlarms:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def require(self, names: Sequence[str], caller: Caller, role_arns: Iterable[str]) -> None:
        """Each alarm exists, and both the caller and the endpoint's execution roles may look at it.

        SageMaker's guide asks this of "your IAM execution role" and leaves open whose: what passes here passes under
        either reading.
        """
        for name in names:
            alarm = f"arn:aws:cloudwatch:{self._cloud.region}:{self._cloud.account}:alarm:{name}"
            self._cloud.authorize(caller, _LOOK, alarm)
            for role in sorted(set(role_arns)):
                if not self._cloud.role_may(role, SAGEMAKER, _LOOK, alarm):
                    raise ApiError(
                        "AccessDeniedException",
                        f"The execution role {role} is not authorized to perform: {_LOOK} on "
                        f"resource: {alarm}. SageMaker needs it for AutoRollbackConfiguration.Alarms.",
                    )
        found = {alarm["AlarmName"] for alarm in self._described(names)}
        missing = [name for name in names if name not in found]
        if missing:
            raise invalid(
                f"DeploymentConfig.AutoRollbackConfiguration.Alarms: could not find {', '.join(missing)}; create the "
                "alarm before the update"
            )

    def gone_off(self, names: Sequence[str]) -> list[str]:
        """Those in state ALARM now."""
        return sorted(alarm["AlarmName"] for alarm in self._described(names) if alarm["StateValue"] == "ALARM")

    def _described(self, names: Sequence[str]) -> list[dict[str, Any]]:
        if not names:
            return []
        kinds = ["MetricAlarm", "CompositeAlarm"]
        answer = self._cloud.client("cloudwatch").describe_alarms(AlarmNames=list(names), AlarmTypes=kinds)
        return [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
