"""CloudWatch's alarms without CloudWatch: each has the state that the test gave it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FakeAlarms:
    """`on_look` is called at every look, with its number from 1, before the answer is made."""

    states: dict[str, str] = field(default_factory=dict)
    on_look: Callable[[int], None] | None = None
    looks: int = 0

    def describe_alarms(self, AlarmNames: list[str], AlarmTypes: list[str]) -> dict[str, Any]:
        self.looks += 1
        if self.on_look:
            self.on_look(self.looks)
        found = [
            {"AlarmName": name, "StateValue": self.states[name]} for name in sorted(AlarmNames) if name in self.states
        ]
        return {"MetricAlarms": found, "CompositeAlarms": []}
