"""Endpoint variants and alarms without processes or CloudWatch, for what scales them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.errors import ApiError


@dataclass
class FakeVariants:
    """`counts` by (endpoint, variant). With `slow`, a change lasts until `finish`."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    slow: bool = False
    failure: str = ""
    asked: list[int] = field(default_factory=list)
    wanted: dict[tuple[str, str], int] = field(default_factory=dict)

    def instance_count(self, endpoint_name: str, variant_name: str) -> int | None:
        return self.counts.get((endpoint_name, variant_name))

    def is_changing(self, endpoint_name: str) -> bool:
        return any(endpoint == endpoint_name for endpoint, _ in self.wanted)

    def set_instance_count(self, endpoint_name: str, variant_name: str, count: int) -> None:
        if self.failure:
            raise ApiError("ValidationException", self.failure)
        self.asked.append(count)
        self.wanted[endpoint_name, variant_name] = count
        if not self.slow:
            self.finish()

    def finish(self) -> None:
        self.counts |= self.wanted
        self.wanted.clear()


@dataclass
class FakePolicyAlarms:
    """PutMetricAlarm's requests by name; `alarming` holds the names that are in ALARM."""

    held: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    alarming: set[str] = field(default_factory=set)

    def put(self, request: Mapping[str, Any]) -> str:
        self.held[request["AlarmName"]] = request
        return f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{request['AlarmName']}"

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            self.held.pop(name, None)

    def in_alarm(self, name: str) -> bool:
        return name in self.alarming

    def with_action(self, action: str) -> list[tuple[str, str]]:
        return [
            (name, f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}")
            for name, request in self.held.items()
            if action in request["AlarmActions"]
        ]
