"""Versions for tests of production, registered by hand: one artifact serves as many models, and in as many ways, as
tests need, without a run each."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sluice.images import image_uri
from tests.e2e.trained_model import TrainedModel, churn_definition

_ENVIRONMENT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
_CONTENT_TYPES = ["text/csv", "application/json", "application/jsonlines"]

_SCRIPT = '''"""Answers each record with the same score."""

import json

SCORE = {score!r}


def model_fn(model_dir):
    return None


def transform_fn(model, body, content_type, accept):
    {first}
    records = json.loads(body)
    if accept == "text/csv":
        return "".join(f"{{SCORE}}\\n" for _ in records), "text/csv"
    return json.dumps({{"predictions": [{{"probability": SCORE}}] * len(records)}}), "application/json"
'''


@dataclass(frozen=True)
class Artifact:
    """What a version is made of."""

    uri: str
    definition: Mapping[str, Any]
    golden: Mapping[str, Any]
    """golden.json: records, and the scores that an endpoint must give them."""
    probe: Mapping[str, Any]
    """The record that tests ask about, and what this artifact answers: it tells which version did."""
    score: float


def hand_made(model: TrainedModel, score: float, first: str = "pass") -> Artifact:
    """Quick to start. first: the statement that it begins each request with."""
    script = _SCRIPT.format(score=score, first=first)
    key = f"models/{model.name}/runs/{_digest(script)}/model/model.tar.gz"
    model.client("s3").put_object(Bucket=model.stage.bucket, Key=key, Body=_archive({"code/inference.py": script}))
    probe = {"tenure": 3, "plan": "basic", "monthly": 70.5}
    return Artifact(
        f"s3://{model.stage.bucket}/{key}",
        churn_definition(model.name),
        {"records": [probe], "scores": [score]},
        probe,
        score,
    )


def register(model: TrainedModel, artifact: Artifact, deployment: Mapping[str, Any]) -> str:
    """A new version of the model that waits for an approval; answers its ARN."""
    definition = {**artifact.definition, "name": model.name, "deployment": deployment}
    run = f"models/{model.name}/runs/{_digest(json.dumps([definition, artifact.uri, artifact.golden]))}"
    _write(model, f"{run}/definition/definition.json", definition)
    _write(model, f"{run}/evaluation/golden.json", artifact.golden)
    folder = f"s3://{model.stage.bucket}/{run}"
    container = {
        "Image": image_uri("xgboost", "us-east-1"),
        "ModelDataUrl": artifact.uri,
        "Environment": _ENVIRONMENT,
    }
    created = model.client("sagemaker").create_model_package(
        ModelPackageGroupName=_ensure_group(model),
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": _CONTENT_TYPES,
            "SupportedResponseMIMETypes": _CONTENT_TYPES,
        },
        CustomerMetadataProperties={
            "definition": f"{folder}/definition/definition.json",
            "evaluation": f"{folder}/evaluation/evaluation.json",
        },
    )
    return str(created["ModelPackageArn"])


def rounded(score: float) -> float:
    """To what an evaluation and an endpoint agree on."""
    return round(score, 6)


def _ensure_group(model: TrainedModel) -> str:
    group = f"sluice-dev-{model.name}"
    try:
        model.client("sagemaker").create_model_package_group(ModelPackageGroupName=group)
    except ClientError as error:
        if "already exists" not in str(error):
            raise
    return group


def _write(model: TrainedModel, key: str, document: Mapping[str, Any]) -> None:
    model.client("s3").put_object(Bucket=model.stage.bucket, Key=key, Body=json.dumps(document).encode())


def _archive(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
