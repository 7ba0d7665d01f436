"""A user of the SageMaker Python SDK v3: run by .tools/images/bin/python against whatever AWS its environment names.

    python sagemaker_sdk.py PACKAGE_ARN ENDPOINT RECORDS.csv ANSWER.json

What it read and did lands in ANSWER.json; the SDK draws its progress on stdout.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from sagemaker.core.resources import Endpoint, ModelPackage, TrainingJob

ENDPOINT_SECONDS = 60


def main(package_arn: str, endpoint_name: str, records: str, answer: str) -> None:
    found = {
        "training": read_training(),
        "approval": approve(package_arn),
        "prediction": predict(endpoint_name, Path(records).read_bytes()),
    }
    Path(answer).write_text(json.dumps(found))


def read_training() -> list[dict[str, Any]]:
    jobs = list(TrainingJob.get_all())
    for job in jobs:
        job.refresh()
        job.wait(poll=1)
    return [
        {
            "name": job.training_job_name,
            "status": job.training_job_status,
            "artifact": job.model_artifacts.s3_model_artifacts,
            "metrics": {metric.metric_name: metric.value for metric in job.final_metric_data_list},
        }
        for job in jobs
    ]


def approve(package_arn: str) -> dict[str, Any]:
    package = ModelPackage.get(package_arn)
    before = package.model_approval_status
    package.update(model_approval_status="Approved", approval_description="Approved with the SageMaker SDK.")
    package.refresh()
    return {"before": before, "after": package.model_approval_status, "why": package.approval_description}


def predict(endpoint_name: str, records: bytes) -> dict[str, Any]:
    endpoint = await_endpoint(endpoint_name)
    endpoint.wait_for_status("InService", poll=1, timeout=ENDPOINT_SECONDS)
    answer = endpoint.invoke(body=records, content_type="text/csv", accept="text/csv")
    return {"config": endpoint.endpoint_config_name, "probabilities": answer.body.read().decode().split()}


def await_endpoint(name: str) -> Endpoint:
    """The approval makes it; nothing announces that to a client."""
    for _ in range(ENDPOINT_SECONDS):
        if any(endpoint.endpoint_name == name for endpoint in Endpoint.get_all(name_contains=name)):
            return Endpoint.get(name)
        time.sleep(1)
    raise TimeoutError(f"{name} was not made within {ENDPOINT_SECONDS} s of its approval")


if __name__ == "__main__":
    main(*sys.argv[1:])
