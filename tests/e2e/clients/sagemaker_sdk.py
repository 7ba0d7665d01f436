"""A user of the SageMaker Python SDK v3: run by .tools/images/bin/python against whatever AWS its environment names.

    python sagemaker_sdk.py PACKAGE_ARN ENDPOINT RECORDS.csv    prints what it read, and what it did, as JSON
"""

import json
import sys
from pathlib import Path
from typing import Any

from sagemaker.core.resources import Endpoint, ModelPackage, TrainingJob


def main(package_arn: str, endpoint_name: str, records: str) -> None:
    print(json.dumps({"training": read_training(), **approve(package_arn), **predict(endpoint_name, Path(records))}))


def read_training() -> list[dict[str, Any]]:
    jobs = [TrainingJob.get(job.training_job_name) for job in TrainingJob.get_all()]
    for job in jobs:
        job.wait(poll=1)
    return [
        {
            "name": job.training_job_name,
            "status": job.training_job_status,
            "artifact": job.model_artifacts.s3_model_artifacts,
            "metrics": {metric.metric_name: metric.value for metric in job.final_metric_data_list},
            "hyperparameters": job.hyper_parameters,
        }
        for job in jobs
    ]


def approve(package_arn: str) -> dict[str, Any]:
    package = ModelPackage.get(package_arn)
    before = package.model_approval_status
    package.update(model_approval_status="Approved", approval_description="Approved with the SageMaker SDK.")
    package.refresh()
    return {"before": before, "after": package.model_approval_status, "why": package.approval_description}


def predict(endpoint_name: str, records: Path) -> dict[str, Any]:
    endpoint = next(found for found in iter(Endpoint.get_all, None) if found) if not endpoint_name else None
    endpoint = endpoint or Endpoint.get(endpoint_name)
    endpoint.wait_for_status("InService", poll=1, timeout=60)
    answer = endpoint.invoke(body=records.read_bytes(), content_type="text/csv", accept="text/csv")
    return {"endpoint": endpoint.endpoint_status, "probabilities": answer.body.read().decode().split()}


if __name__ == "__main__":
    main(*sys.argv[1:])
