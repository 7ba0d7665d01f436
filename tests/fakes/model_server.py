"""Model servers without processes: they answer what the test says."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from localcloud.sagemaker.hosting.artifacts import DeploymentFailed
from localcloud.sagemaker.hosting.serving.wire import Reply

Answer = Callable[[Mapping[str, str], bytes], Reply]


@dataclass
class FakeServer:
    answer: Answer
    failure: str = ""
    """Why start() fails; empty: it does not."""
    gate: threading.Event | None = None
    """start() waits for it."""
    running: bool = False
    starts: int = 0
    invocations: int = 0
    removed: bool = False
    model: str = ""

    def prepare(self) -> None: ...

    def start(self, timeout: float) -> None:
        self.starts += 1
        if self.gate:
            self.gate.wait(timeout)
        if self.failure:
            raise DeploymentFailed(self.failure)
        self.running = True

    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        self.invocations += 1
        return self.answer(headers, body)

    def stop(self) -> None:
        self.running = False

    def abort(self) -> None:
        self.running = False

    def remove(self) -> None:
        self.running = False
        self.removed = True


@dataclass
class FakeServers:
    """What Hosting takes for its servers. `failures`, `gates` and `answers` (else: `answer`) are by model name."""

    answer: Answer = field(default=lambda headers, body: Reply(200, body, {"content-type": "text/plain"}))
    failures: dict[str, str] = field(default_factory=dict)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    made: list[FakeServer] = field(default_factory=list)

    def __call__(self, endpoint: object) -> Callable[..., FakeServer]:
        return self.make

    def make(self, spec: object) -> FakeServer:
        model = spec.model.name  # type: ignore[attr-defined]
        answer, failure = self.answers.get(model, self.answer), self.failures.get(model, "")
        server = FakeServer(answer, failure, self.gates.get(model), model=model)
        self.made.append(server)
        return server
