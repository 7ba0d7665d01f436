"""Events of ours, on the account's default bus."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "sluice"


@dataclass(frozen=True)
class EventBus:
    client: "EventBridgeClient"

    def put(self, detail_type: str, detail: Mapping[str, Any]) -> str:
        """The event's id.

        Raises TransientError when the bus did not take it: PutEvents says so in its answer only.
        """
        entry: Any = {"Source": SOURCE, "DetailType": detail_type, "Detail": json.dumps(dict(detail))}
        answer = self.client.put_events(Entries=[entry])
        (told,) = answer["Entries"]
        if answer["FailedEntryCount"]:
            why = f"{told.get('ErrorCode')}: {told.get('ErrorMessage')}"
            raise TransientError(f"the event bus did not take {detail_type}: {why}")
        return told["EventId"]
