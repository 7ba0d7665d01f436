"""Every way in which a version serves, and the ways from one to another, while requests come in."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.e2e.load import Load, asked_now, under_load
from tests.e2e.local_stage import LocalStage
from tests.e2e.trained_model import TrainedModel
from tests.e2e.versions import Artifact, register, rounded
from tests.waiting import eventually

pytestmark = pytest.mark.slow

SERVERLESS = {"mode": "serverless"}
# How quick a crowded machine answers is no matter of these tests.
ALARMS = {"p99_latency_ms": None}
AT_ONCE = {"strategy": "all-at-once", "bake_minutes": 0}
REAL_TIME = {"mode": "real-time", "alarms": ALARMS, "rollout": AT_ONCE}
ASYNCHRONOUS = {"mode": "asynchronous", "alarms": ALARMS, "rollout": AT_ONCE}


def version_served(model: TrainedModel) -> int:
    alias = model.alias()
    assert alias is not None
    return int(alias["version"])


def test_a_serverless_endpoint_takes_a_new_version_without_losing_a_request(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact]
) -> None:
    old, new = artifacts
    model.deploy(register(model, old, SERVERLESS))
    version = register(model, new, SERVERLESS)

    with under_load(model, old.probe) as load:
        model.deploy(version)

    assert (load.lost, load.scores, load.turned_back(old)) == ([], {old.score, new.score}, 0)
    assert asked_now(model, new) == {new.score}


def test_a_version_that_answers_otherwise_than_it_was_evaluated_leaves_again(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact]
) -> None:
    old, new = artifacts
    before = model.deploy(register(model, old, SERVERLESS))
    as_another = replace(new, golden={**new.golden, "scores": [0.5 for _ in new.golden["scores"]]})
    version = register(model, as_another, SERVERLESS)

    with under_load(model, old.probe) as load:
        model.decide(version, "Approved")
        (failed,) = model.await_actions("DEPLOYMENT_FAILED")
        model.await_deployed(2)

    assert "failed its smoke test: it answered golden record 1" in failed["why"]
    assert load.lost == []
    assert load.scores <= {old.score, new.score}
    assert model.approval_of(version) == "Rejected"
    now = model.endpoint_now()
    assert now is not None
    assert now["EndpointConfigName"] == before["EndpointConfigName"]
    assert asked_now(model, old) == {old.score}
    assert version_served(model) == 1


def test_the_alias_leads_from_serverless_to_real_time_and_back_and_the_endpoint_left_still_answers(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact]
) -> None:
    old, new = artifacts
    serverless = model.deploy(register(model, old, SERVERLESS))["EndpointName"]
    version = register(model, new, REAL_TIME)

    with under_load(model, old.probe) as left:
        real_time = model.deploy(version)["EndpointName"]
        eventually(left.goes_on, "requests to the endpoint that was left")
    assert (left.lost, left.scores) == ([], {old.score})
    assert (model.endpoint, real_time) == (f"{serverless}--real-time", f"{serverless}--real-time")
    assert asked_now(model, new) == {new.score}
    assert retiring(model) == [serverless]

    with under_load(model, new.probe) as left_again:
        model.ask_for("Rollback Requested", version=2)
        model.await_deployed(3)

    assert (left_again.lost, left_again.scores) == ([], {new.score})
    assert (model.endpoint, version_served(model)) == (serverless, 1)
    assert asked_now(model, old) == {old.score}
    assert retiring(model) == [real_time]


def retiring(model: TrainedModel) -> list[str]:
    item = model.item("PRODUCTION")
    assert item is not None
    return [each["endpoint_name"] for each in json.loads(item["retiring"]["S"])]


def test_an_asynchronous_endpoint_answers_every_request_and_comes_back_from_no_instance(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact]
) -> None:
    old, new = artifacts
    model.deploy(register(model, old, ASYNCHRONOUS))
    version = register(model, new, ASYNCHRONOUS)
    before = [asked_in_s3(model, old, f"before-{number}") for number in range(20)]
    assert {answer_in_s3(model, place) for place in before} == {old.score}

    model.decide(version, "Approved")
    during: list[str] = []

    def deployed() -> bool:
        during.append(asked_in_s3(model, old, f"during-{len(during)}"))
        return model.actions().count("DEPLOYED") == 2

    eventually(deployed, "version 2 deployed")
    assert {answer_in_s3(model, place) for place in during} <= {old.score, new.score}
    assert answer_in_s3(model, asked_in_s3(model, old, "after")) == new.score

    eventually(lambda: instances(model) == 0, "no instance without requests", 120)
    assert answer_in_s3(model, asked_in_s3(model, old, "wakes-it")) == new.score


def instances(model: TrainedModel) -> int:
    endpoint = model.endpoint_now()
    assert endpoint is not None
    return int(endpoint["ProductionVariants"][0]["CurrentInstanceCount"])


def asked_in_s3(model: TrainedModel, artifact: Artifact, name: str) -> str:
    """Answers where the answer will be."""
    key = f"models/{model.name}/async/in/{name}.json"
    body = json.dumps([artifact.probe]).encode()
    model.client("s3").put_object(Bucket=model.stage.bucket, Key=key, Body=body)
    answer = model.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=model.endpoint,
        ContentType="application/json",
        Accept="application/json",
        InputLocation=f"s3://{model.stage.bucket}/{key}",
    )
    return str(answer["OutputLocation"])


def answer_in_s3(model: TrainedModel, location: str) -> float:
    place = urlsplit(location)

    def look() -> Any:
        try:
            return json.loads(model.read(f"s3://{place.netloc}{place.path}"))
        except ClientError:
            return None

    (prediction,) = eventually(look, location)["predictions"]
    return rounded(prediction["probability"])


def test_models_of_one_group_share_an_endpoint_and_do_not_disturb_each_other(
    stack: LocalStage, model: TrainedModel, artifacts: tuple[Artifact, Artifact], tmp_path: Path
) -> None:
    old, new = artifacts
    together = {"mode": "multi-model", "group": f"g-{hashlib.sha256(model.name.encode()).hexdigest()[:8]}"}
    other = TrainedModel(stack, f"{model.name}-b", tmp_path)
    deploy_shared(model, register(model, old, together))
    first = target(model)

    with under_load(model, old.probe, **first) as undisturbed:
        deploy_shared(other, register(other, new, together))
        deploy_shared(model, register(model, new, together))

    assert (undisturbed.lost, undisturbed.scores) == ([], {old.score})
    assert model.endpoint == other.endpoint
    assert asked_now(other, new, **target(other)) == {new.score}
    assert target(model) == {"TargetModel": f"{model.name}-v2.tar.gz"}
    assert asked_now(model, new, **target(model)) == {new.score}

    model.ask_for("Rollback Requested")
    model.await_deployed(3)
    assert (target(model), version_served(model)) == (first, 1)
    load = Load(model, model.endpoint, old.probe, first)
    load.ask(60)
    assert (load.lost, load.scores) == ([], {old.score})


def target(model: TrainedModel) -> dict[str, str]:
    alias = model.alias()
    assert alias is not None
    return {"TargetModel": alias["target_model"]}


def deploy_shared(model: TrainedModel, version: str) -> None:
    before = model.actions().count("DEPLOYED")
    model.decide(version, "Approved")
    model.await_deployed(before + 1)
