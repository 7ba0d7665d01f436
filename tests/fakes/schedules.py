"""EventBridge Scheduler and SageMaker's processing jobs in memory, as far as watching production needs them."""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.aws_clients import client_error


@dataclass
class FakeScheduler:
    """`refusal`: what CreateSchedule answers."""

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusal: Exception | None = None
    page: int = 2

    def create_schedule(self, **request: Any) -> None:
        if self.refusal:
            raise self.refusal
        if request["Name"] in self.schedules:
            raise client_error("ConflictException", "Schedule already exists.", "CreateSchedule")
        self.schedules[request["Name"]] = request

    def update_schedule(self, **request: Any) -> None:
        self._known(request["Name"])
        self.schedules[request["Name"]] = request

    def delete_schedule(self, Name: str, GroupName: str) -> None:
        self._known(Name)
        del self.schedules[Name]

    def list_schedules(self, GroupName: str, NextToken: str = "0") -> dict[str, Any]:
        names, start = sorted(self.schedules), int(NextToken)
        found = [{"Name": name, "GroupName": GroupName} for name in names[start : start + self.page]]
        more = {"NextToken": str(start + self.page)} if len(names) > start + self.page else {}
        return {"Schedules": found, **more}

    def _known(self, name: str) -> None:
        if name not in self.schedules:
            raise client_error("ResourceNotFoundException", f"Schedule {name} does not exist.", "Schedule")


@dataclass
class FakeProcessing:
    """`refusal`: what the next calls answer."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: int = 0
    refusal: BaseException | None = None

    def create_processing_job(self, **request: Any) -> None:
        self.asked += 1
        if self.refusal:
            raise self.refusal
        name = request["ProcessingJobName"]
        if name in self.jobs:
            raise client_error("ResourceInUse", f"Job name must be unique: {name}", "CreateProcessingJob")
        self.jobs[name] = request
