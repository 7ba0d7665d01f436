"""EventBridge Scheduler: the stage's schedules, in its own group. Each call may be repeated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sluice.naming import schedule_group


@dataclass(frozen=True)
class Schedules:
    client: Any
    """Of `scheduler`."""
    stage: str

    @property
    def group(self) -> str:
        return schedule_group(self.stage)

    def put(self, request: Mapping[str, Any]) -> None:
        """CreateSchedule, or UpdateSchedule where there is one of that name: all of it is replaced."""
        request = {**request, "GroupName": self.group}
        try:
            self.client.create_schedule(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise
            self.client.update_schedule(**request)

    def delete(self, name: str) -> bool:
        """False where there was none."""
        try:
            self.client.delete_schedule(Name=name, GroupName=self.group)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return False
            raise
        return True

    def names(self) -> Iterator[str]:
        """Of all the stage's schedules. A group that is not there yet, or not any more, has none."""
        request: dict[str, Any] = {"GroupName": self.group}
        while True:
            try:
                page = self.client.list_schedules(**request)
            except ClientError as error:
                if error.response["Error"]["Code"] == "ResourceNotFoundException":
                    return
                raise
            yield from (found["Name"] for found in page["Schedules"])
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]
