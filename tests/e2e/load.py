"""Requests without a pause between them while something happens to the endpoint that answers them."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.trained_model import TrainedModel
from tests.e2e.versions import Artifact, rounded
from tests.waiting import eventually

CONNECTIONS = 3
MOST_REQUESTS = 20_000
"""Of each connection: what happens meanwhile takes seconds."""
_PACE_SECONDS = 0.005
"""Between two requests of a connection, so that the endpoint's own processes get a turn too."""


@dataclass(frozen=True)
class Answer:
    score: float | None
    """None: there was none, and `error` says why."""
    variant: str = ""
    version: int = 0
    """Which its container says it is; 0: it does not."""
    error: str = ""


@dataclass
class Load:
    """What was answered so far, by connection, each in its order."""

    model: TrainedModel
    endpoint: str
    probe: Mapping[str, Any]
    target: Mapping[str, str] = field(default_factory=dict)
    """TargetModel, of a multi-model endpoint."""
    answers: list[list[Answer]] = field(default_factory=lambda: [[] for _ in range(CONNECTIONS)])

    @property
    def all(self) -> list[Answer]:
        return [answer for connection in self.answers for answer in connection]

    @property
    def lost(self) -> list[str]:
        return [answer.error for answer in self.all if answer.score is None]

    @property
    def scores(self) -> set[float | None]:
        return set(self.by_score())

    def by_score(self) -> Counter[float | None]:
        """How many requests were answered so; None: not at all."""
        return Counter(answer.score for answer in self.all)

    def turned_back(self, old: Artifact) -> int:
        """How often a connection was answered by `old` right after another one."""
        return sum(
            later.score == old.score and earlier.score != old.score
            for answers in self.answers
            for earlier, later in pairwise(answers)
        )

    def ask(self, requests: int) -> None:
        """So many more, over all connections, as fast as they are answered."""
        with ThreadPoolExecutor(CONNECTIONS) as connections:
            each = [requests // CONNECTIONS + (number < requests % CONNECTIONS) for number in range(CONNECTIONS)]
            list(connections.map(self._ask, each, self.answers))

    def goes_on(self, count: int = 30) -> bool:
        """Whether every connection got so many answers, and still gets them."""
        return all(count <= len(connection) < MOST_REQUESTS for connection in self.answers)

    def _ask(self, requests: int, answers: list[Answer]) -> None:
        runtime = self._runtime()
        answers += [self._one(runtime) for _ in range(requests)]

    def _go_on(self, answers: list[Answer], stop: threading.Event) -> None:
        runtime = self._runtime()
        while not stop.wait(_PACE_SECONDS) and len(answers) < MOST_REQUESTS:
            answers.append(self._one(runtime))

    def _runtime(self) -> Any:
        """A request counts once: nothing is asked again."""
        stage = self.model.stage
        return boto3.session.Session().client(
            "sagemaker-runtime",
            endpoint_url=stage.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=stage.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=stage.exports["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    def _one(self, runtime: Any) -> Answer:
        try:
            answer = runtime.invoke_endpoint(
                EndpointName=self.endpoint,
                ContentType="application/json",
                Body=json.dumps([self.probe]),
                **self.target,
            )
        except (ClientError, BotoCoreError) as error:
            return Answer(None, error=str(error))
        told = json.loads(answer["Body"].read())
        (prediction,) = told["predictions"]
        score, version = rounded(prediction["probability"]), told.get("model_version", 0)
        return Answer(score, answer["InvokedProductionVariant"], version)


@contextmanager
def under_load(model: TrainedModel, probe: Mapping[str, Any], **target: str) -> Iterator[Load]:
    """Requests to where the model's go now, on every connection, until the end of the block."""
    load, stop = Load(model, model.endpoint, probe, target), threading.Event()
    with ThreadPoolExecutor(CONNECTIONS) as connections:
        going = [connections.submit(load._go_on, answers, stop) for answers in load.answers]
        try:
            eventually(load.goes_on, "requests")
            yield load
            assert load.goes_on(), f"no load was on at the end: {[len(answers) for answers in load.answers]} requests"
        finally:
            stop.set()
        for connection in going:
            connection.result()


def asked_now(model: TrainedModel, artifact: Artifact, **target: str) -> set[float | None]:
    """What the model's endpoint answers to 60 requests."""
    load = Load(model, model.endpoint, artifact.probe, target)
    load.ask(60)
    return load.scores
