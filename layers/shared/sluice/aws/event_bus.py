"""Our own events, onto the account's default bus."""

from dataclasses import dataclass
from typing import Any

from sluice.errors import TransientError
from sluice.events.envelope import Detail

SOURCE = "sluice"


@dataclass(frozen=True)
class EventBus:
    client: Any
    """Of `events`."""

    def send(self, detail_type: str, detail: Detail) -> None:
        """Raises TransientError when EventBridge took the request and not the event: its answer is 200 even then."""
        entry = {"Source": SOURCE, "DetailType": detail_type, "Detail": detail.model_dump_json()}
        answer = self.client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            failed = answer["Entries"][0]
            why = f"{failed.get('ErrorCode', 'no code')}: {failed.get('ErrorMessage', 'no message')}"
            raise TransientError(f"EventBridge did not take the event {detail_type} ({why}). Try again")
