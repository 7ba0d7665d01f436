"""Asks an endpoint through boto3, one request after the other, and takes the time of each call.

    python -m benchmarks.sides.boto3_load URL ENDPOINT RECORD REQUESTS WARMING

Credentials come from the environment. Prints JSON: requests a second, the 50th and the 99th percentile in
milliseconds, and the last answer.
"""

import json
import sys
import time
from typing import Any

import boto3
from botocore.config import Config

CSV = "text/csv"


def load(runtime: Any, endpoint: str, record: str, requests: int) -> dict[str, Any]:
    seconds: list[float] = []
    answer = ""
    started = time.perf_counter()
    for _ in range(requests):
        asked = time.perf_counter()
        answered = runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body=record
        )
        answer = answered["Body"].read().decode()
        seconds.append(time.perf_counter() - asked)
    elapsed = time.perf_counter() - started
    seconds.sort()
    return {
        "requests_per_second": requests / elapsed,
        "p50_ms": seconds[requests // 2] * 1e3,
        "p99_ms": seconds[int(requests * 0.99)] * 1e3,
        "answer": answer,
    }


def main(url: str, endpoint: str, record: str, requests: str, warming: str) -> None:
    config = Config(proxies={}, retries={"total_max_attempts": 1})
    runtime = boto3.client("sagemaker-runtime", endpoint_url=url, region_name="us-east-1", config=config)
    load(runtime, endpoint, record, int(warming))
    print(json.dumps(load(runtime, endpoint, record, int(requests))))


if __name__ == "__main__":
    main(*sys.argv[1:])
