"""Tuning jobs from Create to their end: real training processes, the service's own request and answer checks."""

import subprocess
import sys
import threading
import uuid

import pytest

from localcloud.api import ApiError, JsonService
from localcloud.sagemaker.jobs.settings import JobSettings
from localcloud.sagemaker.service import SageMaker
from tests.fakes.aws_clients import FakeLogs, FakeS3
from tests.fakes.cloud import FakeCloud
from tests.unit.localcloud.sagemaker.jobs import requests as jobs
from tests.unit.localcloud.sagemaker.tuning.requests import GRID, METRIC, tuning
from tests.waiting import eventually

ARN = "arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/tune"
# As strict as training_code/train.py: a hyperparameter that is SageMaker's own would fail it.
STRICT = """
import argparse
parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--rate", type=float, default=0.5)
parser.add_argument("--colour", default="red")
parser.add_argument("--size", type=int, default=1)
parser.add_argument("--epochs", type=int, default=1)
given = parser.parse_args()
"""
SCORE = STRICT + 'print(f"validation-score:{1 - (given.rate - 0.3) ** 2}", flush=True)\n'
SLEEP = STRICT + "import time\nprint('validation-score:0.5', flush=True)\ntime.sleep(60)\n"


@pytest.fixture
def cloud(tmp_path):
    cloud = FakeCloud(tmp_path / "state")
    s3 = FakeS3()
    s3.put("s3://bucket/data/train.csv", b"1,2\n")
    cloud.clients = {"s3": s3, "logs": FakeLogs()}
    return cloud


@pytest.fixture
def sagemaker(cloud):
    made = SageMaker(cloud, JobSettings(isolation="rewriting"))
    yield made
    made.close()


@pytest.fixture
def ask(cloud, sagemaker):
    service = JsonService("sagemaker", sagemaker.operations(), lambda headers: cloud.caller)
    return lambda operation, **request: service.call(operation, request, cloud.caller)


@pytest.fixture
def start(cloud, ask):
    def create(script=SCORE, name="tune", **config):
        source = f"s3://bucket/code/{uuid.uuid4().hex}.tar.gz"
        cloud.clients["s3"].put(source, jobs.archive(train=script))
        request = tuning(name, **config)
        request["TrainingJobDefinition"]["StaticHyperParameters"] |= {"sagemaker_submit_directory": source}
        ask("CreateHyperParameterTuningJob", **request)

    return create


@pytest.fixture
def tune(sagemaker, start):
    """Start a tuning job of this script and wait for its end."""

    def run(script=SCORE, name="tune", **config):
        start(script, name, **config)
        return sagemaker.wait_for_job("tuning", name, 120)

    return run


@pytest.fixture
def children(ask):
    def listed(name="tune", **request):
        answer = ask("ListTrainingJobsForHyperParameterTuningJob", HyperParameterTuningJobName=name, **request)
        return answer["TrainingJobSummaries"]

    return listed


@pytest.mark.parametrize(
    ("config", "jobs_"),
    [
        ({"Strategy": "Bayesian"}, 4),
        ({"Strategy": "Random", "limits": {"MaxParallelTrainingJobs": 2}}, 4),
        ({"Strategy": "Grid", "ParameterRanges": GRID, "limits": {"MaxNumberOfTrainingJobs": None}}, 6),
        ({"Strategy": "Hyperband", "StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 9}}}, 4),
    ],
    ids=lambda value: value["Strategy"] if isinstance(value, dict) else "",
)
def test_every_strategy_ends_with_a_best_job(tune, children, config, jobs_):
    job = tune(**config)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    # Hyperband may stop one that has told its only value.
    ended = job["TrainingJobStatusCounters"]["Completed"] + job["TrainingJobStatusCounters"]["Stopped"]
    assert ended == job["ObjectiveStatusCounters"]["Succeeded"] == jobs_
    listed = children(SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    assert len({tuple(one["TunedHyperParameters"].items()) for one in listed}) == jobs_
    whole = [one for one in listed if one["TrainingJobStatus"] == "Completed"]
    best = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert best == whole[0]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert job["CreationTime"] <= job["HyperParameterTuningEndTime"] <= job["LastModifiedTime"]


def test_the_training_jobs_are_training_jobs_like_any(cloud, ask, tune, children):
    tune(definition={"DefinitionName": "strict"}, request={"Tags": [{"Key": "team", "Value": "a"}]})
    for one in children():
        job = ask("DescribeTrainingJob", TrainingJobName=one["TrainingJobName"])
        assert job["TuningJobArn"] == ARN
        assert job["HyperParameters"]["rate"] == one["TunedHyperParameters"]["rate"]
        assert job["HyperParameters"]["_tuning_objective_metric"] == METRIC
        (metric,) = job["FinalMetricDataList"]
        assert one["FinalHyperParameterTuningJobObjectiveMetric"] == {"MetricName": METRIC, "Value": metric["Value"]}
        assert one["TrainingJobDefinitionName"] == "strict"
        assert ask("ListTags", ResourceArn=job["TrainingJobArn"])["Tags"] == [{"Key": "team", "Value": "a"}]
        assert (cloud.state_dir / "jobs" / one["TrainingJobName"] / "algo-1.log").is_file()
    streams = {stream.split("/")[0] for _, stream in cloud.clients["logs"].streams}
    assert streams == {one["TrainingJobName"] for one in children()}
    assert len(ask("ListTrainingJobs")["TrainingJobSummaries"]) == 4


def test_every_state_is_an_event(cloud, tune):
    tune(request={"Tags": [{"Key": "team", "Value": "a"}]})
    states = [
        event for event in cloud.events if event.detail_type == "SageMaker HyperParameter Tuning Job State Change"
    ]
    assert [event.detail["HyperParameterTuningJobStatus"] for event in states] == ["InProgress", "Completed"]
    first, last = states
    assert first.resources == last.resources == [ARN]
    assert first.detail["TrainingJobStatusCounters"]["Completed"] == 0
    assert last.detail["TrainingJobStatusCounters"]["Completed"] == 4
    assert last.detail["BestTrainingJob"]["TrainingJobStatus"] == "Completed"
    assert last.detail["Tags"] == {"team": "a"}
    assert isinstance(last.detail["HyperParameterTuningEndTime"], int)
    started = [event for event in cloud.events if event.detail.get("SecondaryStatus") == "Starting"]
    assert len(started) == 4


def test_the_description_says_what_was_asked(ask, tune):
    job = tune()
    assert ask("DescribeHyperParameterTuningJob", HyperParameterTuningJobName="tune") == job
    asked = tuning()
    assert job["HyperParameterTuningJobConfig"] == asked["HyperParameterTuningJobConfig"]
    # The SageMaker SDK takes this one out again when it attaches to a tuning job, and fails where it is not.
    assert job["TrainingJobDefinition"]["StaticHyperParameters"]["_tuning_objective_metric"] == METRIC
    assert "Tags" not in job


def test_a_script_that_is_worse_than_the_others_is_stopped_early(cloud, tune, children):
    """It waits to be stopped, after values that nobody else's are as bad as."""
    script = STRICT + (
        "import time\n"
        "bad = given.colour == 'bad'\n"
        "for epoch in range(3):\n"
        "    print(f'validation-score:{0.1 if bad else 0.9}', flush=True)\n"
        "if bad:\n"
        "    time.sleep(60)\n"
    )
    ranges = {"CategoricalParameterRanges": [{"Name": "colour", "Values": ["red", "blue", "green", "grey", "bad"]}]}
    # One at a time, with a seed by which the bad one is not among the first three, which are never judged.
    job = tune(
        script,
        Strategy="Grid",
        ParameterRanges=ranges,
        limits={"MaxNumberOfTrainingJobs": None},
        TrainingJobEarlyStoppingType="Auto",
        RandomSeed=4,
    )
    listed = children(SortBy="CreationTime")
    assert [one["TunedHyperParameters"]["colour"] == "bad" for one in listed].index(True) >= 3
    (stopped,) = children(StatusEquals="Stopped")
    assert stopped["TunedHyperParameters"] == {"colour": "bad"}
    assert stopped["ObjectiveStatus"] == "Succeeded"
    assert stopped["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 0.1
    assert job["TrainingJobStatusCounters"] == {
        "Completed": 4, "InProgress": 0, "RetryableError": 0, "NonRetryableError": 0, "Stopped": 1,
    }  # fmt: skip
    assert job["BestTrainingJob"]["TrainingJobStatus"] == "Completed"


def test_hyperband_stops_a_job_that_takes_more_than_its_share(tune, children):
    script = STRICT + (
        "import time\nfor epoch in range(6):\n    print('validation-score:0.5', flush=True)\ntime.sleep(60)\n"
    )
    config = {"HyperbandStrategyConfig": {"MinResource": 4, "MaxResource": 4}}
    job = tune(script, Strategy="Hyperband", StrategyConfig=config, limits={"MaxNumberOfTrainingJobs": 2})
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert {one["TrainingJobStatus"] for one in children()} == {"Stopped"}
    assert job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 0.5


def test_stop_stops_the_children_and_then_the_job(cloud, ask, sagemaker, start, children):
    start(SLEEP, limits={"MaxParallelTrainingJobs": 2})
    eventually(lambda: len(children(StatusEquals="InProgress")) == 2)
    ask("StopHyperParameterTuningJob", HyperParameterTuningJobName="tune")
    job = sagemaker.wait_for_job("tuning", "tune", 120)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert {one["TrainingJobStatus"] for one in children()} == {"Stopped"}
    assert len(children()) == 2
    with pytest.raises(ApiError, match="rejected because the hyperparameter tuning job is in status Stopped"):
        ask("StopHyperParameterTuningJob", HyperParameterTuningJobName="tune")


def test_one_child_can_be_stopped_alone(ask, sagemaker, start, children):
    start(SLEEP, limits={"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2})
    first, second = eventually(lambda: (found := children()) and len(found) == 2 and found)
    ask("StopTrainingJob", TrainingJobName=first["TrainingJobName"])
    sagemaker.wait_for_job("training", first["TrainingJobName"], 120)
    states = {one["TrainingJobName"]: one["TrainingJobStatus"] for one in children()}
    assert states[second["TrainingJobName"]] == "InProgress"
    assert ask("DescribeHyperParameterTuningJob", HyperParameterTuningJobName="tune")[
        "HyperParameterTuningJobStatus"
    ] == "InProgress"  # fmt: skip


def test_the_end_of_the_server_ends_all(cloud, sagemaker, start, children):
    start(SLEEP, limits={"MaxParallelTrainingJobs": 2})
    eventually(lambda: len(cloud.processes.started) == 2)
    sagemaker.close()
    assert all(process.poll() is not None for process in cloud.processes.started)
    assert sagemaker.wait_for_job("tuning", "tune", 30)["HyperParameterTuningJobStatus"] == "Stopped"


def test_warm_start_knows_what_the_parents_found(ask, tune, children):
    parent = tune(name="first", limits={"MaxNumberOfTrainingJobs": 12})
    config = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "first"}]}
    # A poorer script: the overall best one stays the parent's.
    poor = SCORE.replace("1 - ", "0 - ")
    identical = {"WarmStartConfig": {**config, "WarmStartType": "IdenticalDataAndAlgorithm"}}
    job = tune(poor, name="second", request=identical)
    assert job["WarmStartConfig"]["WarmStartType"] == "IdenticalDataAndAlgorithm"
    overall = job["OverallBestTrainingJob"]
    assert overall.pop("TuningJobName") == "first"
    assert overall == parent["BestTrainingJob"]
    assert job["BestTrainingJob"]["TrainingJobName"].startswith("second-")
    cold = tune(poor, name="cold")
    assert [one["TunedHyperParameters"] for one in children("second")] != [
        one["TunedHyperParameters"] for one in children("cold")
    ]
    assert "OverallBestTrainingJob" not in cold
    transfer = {"WarmStartConfig": {**config, "WarmStartType": "TransferLearning"}}
    assert "OverallBestTrainingJob" not in tune(name="third", request=transfer)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"definition": {"RoleArn": jobs.ROLE, "ResourceConfig": {"InstanceCount": 1}}}, "ResourceConfig.InstanceType"),
        ({"definition": {"StaticHyperParameters": {}}}, "HyperParameters has no sagemaker_program"),
        ({"definition": {"OutputDataConfig": {"S3OutputPath": "https://bucket/out"}}}, "must be an s3:// address"),
        ({"definition": {"EnableManagedSpotTraining": True}}, "Invalid MaxWaitTimeInSeconds"),
        ({"limits": {"MaxParallelTrainingJobs": 9}}, "MaxParallelTrainingJobs is 9"),
    ],
)
def test_a_bad_definition_fails_at_once(ask, change, said):
    with pytest.raises(ApiError, match=said) as refusal:
        ask("CreateHyperParameterTuningJob", **tuning(**change))
    assert refusal.value.code == "ValidationException"
    assert ask("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"] == []


@pytest.mark.parametrize("name", ["x" * 33, "-begins", "under_score"])
def test_a_name_must_be_one(ask, name):
    with pytest.raises(ApiError) as refusal:
        ask("CreateHyperParameterTuningJob", **tuning(name))
    assert refusal.value.code == "ValidationException"


def test_a_name_is_used_once(ask, tune):
    tune()
    with pytest.raises(ApiError, match="names must be unique") as refusal:
        ask("CreateHyperParameterTuningJob", **tuning())
    assert refusal.value.code == "ResourceInUse"


@pytest.mark.parametrize(
    "operation",
    [
        "DescribeHyperParameterTuningJob",
        "StopHyperParameterTuningJob",
        "ListTrainingJobsForHyperParameterTuningJob",
    ],
)
def test_an_unknown_tuning_job_is_not_found_as_on_aws(ask, operation):
    with pytest.raises(ApiError) as refusal:
        ask(operation, HyperParameterTuningJobName="absent")
    assert refusal.value.code == "ResourceNotFound"
    assert refusal.value.message == "Amazon SageMaker can't find a tuning job called absent. Type another name."


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sagemaker:CreateHyperParameterTuningJob", ARN),
        ("sagemaker:AddTags", ARN),
        ("iam:PassRole", jobs.ROLE),
    ],
)
def test_creating_takes_every_permission(cloud, ask, action, resource):
    cloud.denied = {action}
    with pytest.raises(ApiError, match=action) as refusal:
        ask("CreateHyperParameterTuningJob", **tuning(request={"Tags": [{"Key": "a", "Value": "b"}]}))
    assert refusal.value.code == "AccessDeniedException"
    assert cloud.authorizations[-1].resource == resource
    cloud.denied = set()
    assert ask("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"] == []


def test_passing_the_role_is_passing_it_to_sagemaker(cloud, tune):
    tune()
    asked = {(one.action, one.resource): one.context for one in cloud.authorizations}
    assert asked["iam:PassRole", jobs.ROLE] == {"iam:PassedToService": "sagemaker.amazonaws.com"}
    # The training jobs are SageMaker's own act: nobody needs to be allowed CreateTrainingJob.
    assert {action for action, _ in asked} == {"sagemaker:CreateHyperParameterTuningJob", "iam:PassRole"}


@pytest.mark.parametrize(
    ("operation", "request_", "resource"),
    [
        ("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": "tune"}, ARN),
        ("StopHyperParameterTuningJob", {"HyperParameterTuningJobName": "tune"}, ARN),
        ("ListTrainingJobsForHyperParameterTuningJob", {"HyperParameterTuningJobName": "tune"}, ARN),
        ("ListHyperParameterTuningJobs", {}, "*"),
    ],
)
def test_reading_and_stopping_take_permissions(cloud, ask, tune, operation, request_, resource):
    tune()
    cloud.denied = {f"sagemaker:{operation}"}
    with pytest.raises(ApiError, match=f"sagemaker:{operation}"):
        ask(operation, **request_)
    assert cloud.authorizations[-1].resource == resource


def test_a_role_that_does_not_trust_sagemaker_is_refused_at_create(cloud, ask):
    cloud.untrusting = {jobs.ROLE}
    with pytest.raises(ApiError, match="Could not assume role"):
        ask("CreateHyperParameterTuningJob", **tuning())
    assert ask("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"] == []


def test_tuning_jobs_are_listed_in_pages_by_name_and_status(ask, tune):
    for name in ("b", "a", "c"):
        tune(name=name, limits={"MaxNumberOfTrainingJobs": 1})
    tune(STRICT, name="d", limits={"MaxNumberOfTrainingJobs": 1})
    first = ask("ListHyperParameterTuningJobs", MaxResults=3)
    second = ask("ListHyperParameterTuningJobs", MaxResults=3, NextToken=first["NextToken"])
    listed = [one for page in (first, second) for one in page["HyperParameterTuningJobSummaries"]]
    assert [one["HyperParameterTuningJobName"] for one in listed] == ["a", "b", "c", "d"]
    assert listed[0]["Strategy"] == "Bayesian"
    assert listed[0]["TrainingJobStatusCounters"]["Completed"] == 1
    newest = ask("ListHyperParameterTuningJobs", SortBy="CreationTime", SortOrder="Descending")
    assert [one["HyperParameterTuningJobName"] for one in newest["HyperParameterTuningJobSummaries"]] == [
        "d", "c", "a", "b",
    ]  # fmt: skip
    (failed,) = ask("ListHyperParameterTuningJobs", StatusEquals="Failed")["HyperParameterTuningJobSummaries"]
    assert failed["HyperParameterTuningJobName"] == "d"


def test_children_are_listed_in_pages_and_by_their_objective(ask, tune, children):
    script = SCORE.replace("print", "given.rate > 0.9 or print")
    tune(script, Strategy="Random", limits={"MaxNumberOfTrainingJobs": 12})
    values = [
        one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        for one in children(SortBy="FinalObjectiveMetricValue", MaxResults=100)
    ]
    assert values == sorted(values)
    assert 0 < len(values) < 12, "those without a value are left out"
    names = [one["TrainingJobName"] for one in children(MaxResults=100)]
    assert names == sorted(names)
    assert names == [one["TrainingJobName"] for one in children(SortBy="CreationTime", MaxResults=100)]
    request = {"HyperParameterTuningJobName": "tune", "MaxResults": 7}
    first = ask("ListTrainingJobsForHyperParameterTuningJob", **request)
    rest = ask("ListTrainingJobsForHyperParameterTuningJob", **request, NextToken=first["NextToken"])
    paged = [one["TrainingJobName"] for page in (first, rest) for one in page["TrainingJobSummaries"]]
    assert paged == names
    assert [one["TrainingJobName"] for one in children(SortOrder="Descending", MaxResults=1)] == names[-1:]


def test_an_early_look_shows_what_runs(ask, start, children):
    start(SLEEP, limits={"MaxParallelTrainingJobs": 2})
    running = eventually(lambda: (found := children(StatusEquals="InProgress")) and len(found) == 2 and found)
    assert {one["ObjectiveStatus"] for one in running} == {"Pending"}
    job = ask("DescribeHyperParameterTuningJob", HyperParameterTuningJobName="tune")
    assert job["TrainingJobStatusCounters"]["InProgress"] == job["ObjectiveStatusCounters"]["Pending"] == 2
    assert "HyperParameterTuningEndTime" not in job


def test_who_waits_is_woken_by_the_end(sagemaker, start):
    start(limits={"MaxNumberOfTrainingJobs": 1})
    ended = []
    waiter = threading.Thread(target=lambda: ended.append(sagemaker.wait_for_job("tuning", "tune", 120)))
    waiter.start()
    waiter.join(120)
    assert [job["HyperParameterTuningJobStatus"] for job in ended] == ["Completed"]


def test_a_parent_must_be_known(ask):
    parents = [{"HyperParameterTuningJobName": "absent"}]
    config = {"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": parents}
    with pytest.raises(ApiError, match="can't find a tuning job called absent"):
        ask("CreateHyperParameterTuningJob", **tuning(request={"WarmStartConfig": config}))


def test_more_than_five_parents_are_refused(ask):
    parents = [{"HyperParameterTuningJobName": f"p{number}"} for number in range(6)]
    config = {"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": parents}
    with pytest.raises(ApiError, match="less than or equal to 5") as refusal:
        ask("CreateHyperParameterTuningJob", **tuning(request={"WarmStartConfig": config}))
    assert refusal.value.code == "ValidationException"


def test_children_really_run_at_the_same_time(tmp_path, tune):
    """Each goes on only when it has met as many others as may run at once."""
    script = STRICT.replace('"--colour"', '"--meeting"') + (
        "import os, time\n"
        "open(os.path.join(given.meeting, os.environ['TRAINING_JOB_NAME']), 'w').close()\n"
        "while len(os.listdir(given.meeting)) < 3:\n"
        "    time.sleep(0.01)\n"
        "print('validation-score:0.5')\n"
    )
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    static = {**tuning()["TrainingJobDefinition"]["StaticHyperParameters"], "meeting": str(meeting)}
    limits = {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 3}
    job = tune(script, definition={"StaticHyperParameters": static}, limits=limits)
    assert job["TrainingJobStatusCounters"]["Completed"] == 3


def test_the_cloud_starts_without_the_search():
    """Optuna costs every start of the local cloud a quarter of a second, and most tune nothing."""
    program = "import sys, localcloud.sagemaker.service; sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
