"""What a definition can ask for beyond one machine and two classes, from the upload to an answer."""

import csv
import gzip
import io
import json
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.local_stage import SLUICE, write_churn
from tests.e2e.trained_model import TrainedModel, churn_definition
from tests.waiting import eventually

ROWS = 4000
DECISIONS: dict[str, Any] = {
    "training": {
        "hyperparameters": {"num_round": 20, "max_depth": 3},
        "monotone_constraints": {"tenure": "decreasing"},
    },
    "evaluation": {"threshold": "cost", "cost_ratio": 3, "slices": ["plan"]},
}


def garments(rows: int, seed: int = 5) -> str:
    """A size that follows height and chest, with a doubt now and then; separated by semicolons."""
    source = random.Random(seed)
    lines = ["id;height;chest;cut;size"]
    for number in range(rows):
        height, chest = source.gauss(172, 10), source.gauss(98, 9)
        build = (height - 172) / 10 + (chest - 98) / 9 + source.gauss(0, 0.5)
        size = "S" if build < -1 else "L" if build > 1 else "M"
        lines.append(f"{number};{height:.1f};{chest:.1f};{source.choice(('slim', 'loose'))};{size}")
    return "\n".join(lines) + "\n"


def size_definition(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "data": {
            "target": "size",
            "task": "multiclass",
            "key": "id",
            "features": {"height": {"type": "numeric"}, "chest": {"type": "numeric"}, "cut": {"type": "categorical"}},
        },
        "training": {"hyperparameters": {"num_round": 20, "max_depth": 3}},
    }


def test_several_classes_from_a_packed_file_with_semicolons_to_answers(model: TrainedModel) -> None:
    packed = gzip.compress(garments(1500).encode())
    model.define(yaml.safe_dump(size_definition(model.name)))

    model.upload(packed, "garments.csv.gz")
    (execution,) = model.ended()

    assert execution["status"] == "SUCCEEDED", execution
    run = json.loads(execution["output"])
    assert run["verdict"] == "pass"
    model.deploy(run["package_arn"])

    asked = model.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=model.endpoint,
        ContentType="application/jsonlines",
        Accept="application/jsonlines; output=both",
        Body=b'{"height": 195, "chest": 120, "cut": "slim"}\n{"height": 150, "chest": 75, "cut": "loose"}\n',
    )
    answers = [json.loads(line) for line in asked["Body"].read().splitlines()]
    assert [answer["label"] for answer in answers] == ["L", "S"]
    assert [sum(answer["probabilities"].values()) for answer in answers] == pytest.approx([1, 1], abs=1e-5)

    file = model.folder / "ask.csv.gz"
    file.write_bytes(packed)
    shown = list(csv.DictReader(io.StringIO(model.stage.run([SLUICE, "predict", model.name, file]))))
    assert len(shown) == 1500
    assert set(shown[0]) == {"row", "key", "label", "probability_L", "probability_M", "probability_S"}


def evaluation_of(model: TrainedModel, execution: dict[str, Any]) -> dict[str, Any]:
    assert execution["status"] == "SUCCEEDED", execution
    uri = json.loads(execution["output"])["evaluation_uri"]
    document: dict[str, Any] = json.loads(model.read(f"{uri}evaluation.json"))
    return document


def auc_of(evaluation: dict[str, Any]) -> float:
    return float(evaluation["binary_classification_metrics"]["auc"]["value"])


def test_several_instances_train_the_model_that_one_would(model: TrainedModel) -> None:
    """The same rows once as one file on one machine, once as two files on two and two."""
    whole = write_churn(model.folder / "whole.csv", ROWS, seed=11).read_text().splitlines(keepends=True)
    model.define(**DECISIONS)
    model.upload("".join(whole).encode(), "whole.csv")
    (execution,) = model.ended()
    single = evaluation_of(model, execution)
    assert [one["value"] for one in single["slices"] if one["column"] == "plan"] == ["basic", "plus"]
    assert single["threshold"] < 0.5  # a missed leaver costs more than a false alarm

    parted = TrainedModel(model.stage, f"{model.name}-2", model.folder)
    # Without a definition the first half starts no run, and stays under raw/ for the next one.
    parted.upload("".join(whole[: ROWS // 2]).encode(), "1.csv")
    parted.ended()
    definition = churn_definition(parted.name, **DECISIONS, processing={"instance_count": 2})
    definition["data"]["mode"] = "append"
    definition["training"] = {**DECISIONS["training"], "instance_count": 2, "checkpoint_rounds": 10}
    parted.define(yaml.safe_dump(definition))
    parted.upload("".join([whole[0], *whole[ROWS // 2 :]]).encode(), "2.csv")
    execution = parted.ended(2)[-1]

    together = evaluation_of(parted, execution)
    assert together["dataset"] == single["dataset"]
    assert auc_of(together) == pytest.approx(auc_of(single), abs=0.01)
    run = json.loads(execution["output"])
    assert run["version"] == 1
    assert (
        len(parted.keys(f"runs/{run['run_id']}/train/")) == 4
    )  # each host of Preprocess makes a file for each of Train
    checkpoints = parted.keys(f"runs/{run['run_id']}/checkpoints/")
    assert checkpoints
    tags = parted.client("s3").get_object_tagging(Bucket=parted.stage.bucket, Key=checkpoints[0])["TagSet"]
    assert tags == [{"Key": "sluice:kind", "Value": "intermediate"}]


def host_process(job: str, host: str) -> int | None:
    """The id of the process that runs a training job's script on one of its hosts."""
    wanted = {f"TRAINING_JOB_NAME={job}".encode(), f"SM_CURRENT_HOST={host}".encode()}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and wanted <= set((entry / "environ").read_bytes().split(b"\0")):
                return int(entry.name)
        except OSError:  # it ended while we looked, or it is another user's
            continue
    return None


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the instance's process in /proc")
def test_a_lost_instance_fails_the_run_with_its_name(model: TrainedModel) -> None:
    endless = {"num_round": 100_000, "early_stopping_rounds": 100_000}
    model.define(training={"instance_count": 2, "hyperparameters": endless})
    model.upload()
    job = eventually(lambda: next((job for job in model.jobs() if job.endswith("-train")), None), "the training job")
    log = model.stage.state_dir / "jobs" / job / "algo-1.log"
    eventually(lambda: log.is_file() and "[1]" in log.read_text(), "the second round")

    # Where the local cloud cannot give hosts names, they have addresses.
    found = {host: pid for host in ("algo-2", "127.0.0.2") if (pid := host_process(job, host))}
    ((host, pid),) = found.items()
    os.kill(pid, signal.SIGKILL)

    (execution,) = model.ended()
    assert execution["status"] == "FAILED"
    assert f"{host} was lost" in execution["cause"]


def test_a_random_forest_becomes_a_version_too(model: TrainedModel) -> None:
    forest = {"algorithm": "sklearn-random-forest", "hyperparameters": {"n_estimators": 20, "max_depth": 6}}

    run = model.train(training=forest)

    assert run["verdict"] == "pass"
    package = model.client("sagemaker").describe_model_package(ModelPackageName=run["package_arn"])
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert "application/jsonlines" in package["InferenceSpecification"]["SupportedContentTypes"]
