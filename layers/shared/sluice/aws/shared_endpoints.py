"""Which models wait for a multi-model endpoint: its events name the endpoint only."""

from dataclasses import dataclass

from sluice.aws.table import StateTable


@dataclass(frozen=True)
class SharedEndpoints:
    table: StateTable

    def wait_for(self, endpoint: str, model: str) -> None:
        self.table.put({"pk": _key(endpoint), "sk": f"WAITS#{model}", "model": model})

    def waiting(self, endpoint: str) -> list[str]:
        return [item["model"] for item in self.table.query(_key(endpoint), "WAITS#")]

    def arrived(self, endpoint: str, model: str) -> None:
        self.table.delete(_key(endpoint), f"WAITS#{model}")


def _key(endpoint: str) -> str:
    return f"ENDPOINT#{endpoint}"
