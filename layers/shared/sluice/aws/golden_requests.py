"""Asks an endpoint for the scores of a version's golden records, in whichever way the endpoint takes requests."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import WaiterError

from sluice.aws.endpoint_scores import ContainerError, EndpointAnswerError, EndpointScores, Runtime
from sluice.aws.objects import ObjectMissingError, Objects
from sluice.aws.registry import Package
from sluice.errors import TransientError
from sluice.naming import ModelPrefix
from sluice.smoke_test import GoldenRecords, SmokeTest, compare_golden

_PAUSES = (1.0, 3.0)
"""In seconds: a container that has just started may answer 5XX once."""
_ASYNC_WAIT = {"Delay": 1, "MaxAttempts": 40}
"""In seconds: the Lambda that waits has a minute."""


SMOKE_TEST_ID = "sluice-smoke-test"
"""The requests' inference id: they are captured as anybody's are, and monitoring leaves them out by it."""


@dataclass(frozen=True)
class GoldenRequests:
    objects: Objects
    runtime: Runtime
    pause: Callable[[float], None]

    def smoke_test(self, model: str, package: Package, endpoint: str, mode: str, **target: str) -> SmokeTest:
        """`target`: TargetVariant or TargetModel of the request. A container that breaks every time fails the test.

        Raises TransientError for what is not: throttling, a model that is being loaded, an endpoint without instances.
        """
        golden = self._golden(package)
        if golden is None:
            return SmokeTest(True, "no golden records were kept with the version, so none were asked")
        for pause in _PAUSES:
            try:
                return self._asked(golden, model, package, endpoint, mode, **target)
            except ContainerError:
                self.pause(pause)
        try:
            return self._asked(golden, model, package, endpoint, mode, **target)
        except ContainerError as error:
            return SmokeTest(False, f"it did not score the golden records in {len(_PAUSES) + 1} attempts: {error}")

    def _asked(
        self, golden: GoldenRecords, model: str, package: Package, endpoint: str, mode: str, **target: str
    ) -> SmokeTest:
        body = json.dumps(list(golden.records)).encode()
        try:
            if mode == "asynchronous":
                text = self._answer_in_s3(
                    f"{ModelPrefix(model).asynchronous}in/smoke-test-v{package.ref.version}.json", endpoint, body
                )
            else:
                text = EndpointScores(self.runtime).answer(
                    endpoint,
                    body,
                    ContentType="application/json",
                    Accept="text/csv",
                    InferenceId=SMOKE_TEST_ID,
                    **target,
                )
            answered = [[float(cell) for cell in line] for line in csv.reader(io.StringIO(text))]
        except EndpointAnswerError as error:
            return SmokeTest(False, f"it did not score the golden records: {error}")
        except ValueError as error:
            return SmokeTest(False, f"its answer to the golden records is not made of numbers ({error})")
        return compare_golden(golden, answered)

    def _golden(self, package: Package) -> GoldenRecords | None:
        evaluation = package.metadata.get("evaluation")
        if evaluation is None:
            return None
        try:
            document = self.objects.read_json(f"{evaluation.rpartition('/')[0]}/golden.json")
        except ObjectMissingError:
            return None
        return GoldenRecords.of(document)

    def _answer_in_s3(self, key: str, endpoint: str, body: bytes) -> str:
        self.objects.write(key, body.decode())
        answer: Any = self.runtime.invoke_endpoint_async(
            EndpointName=endpoint,
            ContentType="application/json",
            Accept="text/csv",
            InferenceId=SMOKE_TEST_ID,
            InputLocation=f"s3://{self.objects.bucket}/{key}",
        )
        failure = urlsplit(answer.get("FailureLocation", "")).path.lstrip("/")
        try:
            return self.objects.wait_for(urlsplit(answer["OutputLocation"]).path.lstrip("/"), _ASYNC_WAIT).decode()
        except WaiterError:
            if failure and self.objects.exists(failure):
                raise EndpointAnswerError(self.objects.read(failure).decode("utf-8", "replace")[:500]) from None
            raise TransientError(f"endpoint {endpoint} left no answer in S3 within 40 seconds") from None
