"""What all hosts of a job have counted, put together: the same on each of them."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from cluster.meeting import Meeting

Key = TypeVar("Key", bound=str)


def gather_json(meeting: Meeting, document: Any) -> list[Any]:
    return [json.loads(answer) for answer in meeting.gather(json.dumps(document).encode())]


def sum_counts(meeting: Meeting, counts: Mapping[str, int]) -> dict[str, int]:
    total: dict[str, int] = {}
    for answer in gather_json(meeting, counts):
        for name, count in answer.items():
            total[name] = total.get(name, 0) + count
    return total


def sum_number(meeting: Meeting, number: int) -> int:
    return sum(gather_json(meeting, number))
