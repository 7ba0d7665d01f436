"""Sends a data file's rows to an asynchronous endpoint: requests and answers are objects in the bucket."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import OperationFailedError
from cli.scoring import Chunk, Prediction, answers_of, chunks, predictions_of
from cli.waiting import look_until_found
from sluice.aws.objects import ObjectMissingError, Objects, key_of
from sluice.naming import ModelPrefix

_SHOWN_OF_A_FAILURE = 500


@dataclass(frozen=True)
class Asked:
    """One request: where its answer will be, or else what went wrong."""

    chunk: Chunk
    output_uri: str
    failure_uri: str | None


@dataclass(frozen=True)
class AsynchronousEndpoint:
    runtime: Any
    objects: Objects
    model: str
    endpoint: str
    tell: Callable[[str], None]
    limit_seconds: float
    every_seconds: float = 1.0

    def score_file(self, path: Path, key: str | None) -> Iterator[Prediction]:
        """One prediction per row, in the file's order; all requests are handed in before the first answer is awaited.

        Raises OperationFailedError when a request fails, or an answer does not come in time.
        """
        folder = f"{ModelPrefix(self.model).asynchronous}in/predict-{uuid.uuid4().hex[:12]}/"
        asked = [self._ask(chunk, f"{folder}{number:05d}.csv") for number, chunk in enumerate(chunks(path), start=1)]
        requests = "1 request waits" if len(asked) == 1 else f"{len(asked)} requests wait"
        self.tell(f"{requests} at {self.endpoint}; one without instances starts one first: minutes")
        for number, one in enumerate(asked, start=1):
            answers = answers_of(self._await(one), self.endpoint, one.chunk)
            self.tell(f"{number} of {len(asked)} answered")
            yield from predictions_of(one.chunk, answers, key)

    def _ask(self, chunk: Chunk, key: str) -> Asked:
        self.objects.write(key, chunk.body.decode(), "text/csv")
        answer = self.runtime.invoke_endpoint_async(
            EndpointName=self.endpoint,
            InputLocation=f"s3://{self.objects.bucket}/{key}",
            ContentType="text/csv",
            Accept="application/json",
        )
        return Asked(chunk, answer["OutputLocation"], answer.get("FailureLocation"))

    def _await(self, asked: Asked) -> bytes:
        def look() -> bytes | None:
            answer = self._read(asked.output_uri)
            if answer is None and asked.failure_uri:
                self._check_failure(asked, asked.failure_uri)
            return answer

        found = look_until_found(look, every_seconds=self.every_seconds, limit_seconds=self.limit_seconds)
        if found is None:
            raise OperationFailedError(
                f"{self.endpoint} has not answered after {self.limit_seconds:g} s. The request is not lost: the answer "
                f"will be {asked.output_uri}"
            )
        return found

    def _check_failure(self, asked: Asked, uri: str) -> None:
        failure = self._read(uri)
        if failure is not None:
            why = " ".join(failure.decode(errors="replace").split())[:_SHOWN_OF_A_FAILURE]
            raise OperationFailedError(
                f"{self.endpoint} failed on the rows from row {asked.chunk.first_row}: {why}. In full: {uri}"
            )

    def _read(self, uri: str) -> bytes | None:
        try:
            return self.objects.read(key_of(uri))
        except ObjectMissingError:
            return None
