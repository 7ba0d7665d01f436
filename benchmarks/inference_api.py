"""What the inference API adds to a prediction: a signed request through it against InvokeEndpoint itself.

    python -m benchmarks.inference_api [--rounds 3]

The whole template in a local cloud, a model that the loop trained and deployed, everything warm, each request kept
(capture at 100 %). Both sides alternate over one connection each; of each the median counts.
"""

import argparse
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks import results
from benchmarks.data import Customers, definition, small_customers
from benchmarks.loop import MODEL, ROOT, Loop
from benchmarks.results import Row
from localcloud import daemon
from localcloud.deploy import deploy

LIMIT_MILLISECONDS = 15.0
WARM_UP, REQUESTS = 30, 300
WHY = (
    "{health:.1f} ms are the way to the function and back (GET /health); the rest is botocore calling the endpoint "
    "from there, and a message to the queue."
)


@dataclass
class Api:
    """One connection to the inference API, requests signed."""

    url: str
    connection: http.client.HTTPConnection

    @classmethod
    def at(cls, url: str) -> "Api":
        parts = urlsplit(url)
        return cls(url, http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60))

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        request = AWSRequest(method, f"{self.url}{path}", data=body, headers={"Content-Type": "text/csv"})
        SigV4Auth(Credentials("test", "test"), "execute-api", "us-east-1").add_auth(request)
        self.connection.request(method, urlsplit(request.url).path, body, dict(request.headers))
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def rows(_data: Customers | None, folder: Path, rounds: int) -> list[Row]:
    found = measure(folder / "inference-api", REQUESTS * rounds // 3)
    added = found["api"] - found["direct"]
    return [
        Row(
            "inference API, 1 row: time added to InvokeEndpoint",
            added,
            LIMIT_MILLISECONDS,
            f"the limit; InvokeEndpoint alone took {found['direct']:.1f} ms",
            "ms",
            1.0,
            aim_is_limit=True,
            why=WHY.format(health=found["health"]),
        )
    ]


def measure(folder: Path, requests: int) -> dict[str, float]:
    """Medians in milliseconds: of the API, of InvokeEndpoint, and of a request that only reaches the function."""
    folder.mkdir(parents=True)
    data, target = small_customers(folder)
    text, _ = definition(data, target, MODEL, folder)
    with daemon.running(folder / "cloud") as server:
        outputs = deploy(ROOT / "template.yaml", stack_name="sluice-dev", endpoint_url=server.endpoint_url)
        loop = Loop(server.endpoint_url, outputs["BucketName"], outputs["RetrainStateMachineArn"], data)
        loop.client("s3").put_object(Bucket=loop.bucket, Key=f"models/{MODEL}/model.yaml", Body=text.encode())
        loop.round()
        return _medians(loop, Api.at(outputs["InferenceApiUrl"]), requests)


def _medians(loop: Loop, api: Api, requests: int) -> dict[str, float]:
    runtime: Any = loop.client("sagemaker-runtime")
    with loop.data.open() as lines:
        body = (next(lines) + next(lines)).encode()

    def through_api() -> bool:
        status, said = api.send("POST", f"/models/{MODEL}/predictions", body)
        return status == 200 and len(json.loads(said)["predictions"]) == 1

    def direct() -> bool:
        answer = runtime.invoke_endpoint(
            EndpointName=f"sluice-dev-{MODEL}", ContentType="text/csv", Accept="application/json", Body=body
        )
        return len(json.loads(answer["Body"].read())["predictions"]) == 1

    sides: dict[str, Callable[[], bool]] = {
        "api": through_api,
        "direct": direct,
        "health": lambda: api.send("GET", "/health")[0] == 200,
    }
    _until_all(sides)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(WARM_UP + requests):
        for name, side in sides.items():
            started = time.perf_counter()
            answered = side()
            if not answered:
                raise SystemExit(f"{name} did not answer")
            if number >= WARM_UP:
                times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def _until_all(sides: dict[str, Callable[[], bool]], seconds: float = 60) -> None:
    """The deployment counts a moment after the endpoint answers."""
    deadline = time.monotonic() + seconds
    while not all(side() for side in sides.values()):
        if time.monotonic() > deadline:
            raise SystemExit(f"the API did not answer within {seconds:g} s")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of 100 requests each")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        print(results.table(results.document(rows(None, Path(folder), arguments.rounds))), end="")


if __name__ == "__main__":
    main()
