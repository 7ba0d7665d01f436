"""Jobs from Create to their end: real processes, S3 and CloudWatch in memory, the service's own request checks."""

import asyncio
import io
import json
import tarfile
import threading
import time

import pytest

from localcloud.api import ApiError, JsonService
from localcloud.sagemaker.jobs.service import Jobs
from localcloud.sagemaker.jobs.settings import JobSettings
from localcloud.sagemaker.tags import TagStore
from tests.fakes.aws_clients import FakeLogs, FakeS3
from tests.fakes.cloud import FakeCloud
from tests.unit.localcloud.sagemaker.jobs import requests
from tests.waiting import eventually

SAVE = """
import os
open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write("trained")
print("[0]\\tvalidation-auc:0.75")
"""
SLEEP = "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"


@pytest.fixture
def cloud(tmp_path):
    cloud = FakeCloud(tmp_path / "state")
    s3 = FakeS3()
    s3.put("s3://bucket/data/train.csv", b"1,2\n")
    cloud.clients = {"s3": s3, "logs": FakeLogs()}
    return cloud


@pytest.fixture
def tags(cloud):
    return TagStore(cloud)


@pytest.fixture
def jobs(cloud, tags):
    jobs = Jobs(cloud, tags, JobSettings(isolation="rewriting"))
    yield jobs
    jobs.close()


@pytest.fixture
def ask(cloud, jobs):
    service = JsonService("sagemaker", jobs.operations(), lambda headers: cloud.caller)
    return lambda operation, **request: service.call(operation, request, cloud.caller)


@pytest.fixture
def train(cloud, jobs, ask):
    """Start a training job with this script and wait for its end."""

    def run(script=SAVE, name="job", **changes):
        cloud.clients["s3"].put(requests.SOURCE, requests.archive(train=script))
        ask("CreateTrainingJob", **requests.training(name, **changes))
        return jobs.wait("training", name, 120)

    return run


@pytest.fixture
def process(cloud, jobs, ask):
    def run(script, name="job", **changes):
        cloud.clients["s3"].put("s3://bucket/code/job.py", script.encode())
        ask("CreateProcessingJob", **requests.processing(name, **changes))
        return jobs.wait("processing", name, 120)

    return run


def await_line(cloud, text, name="job"):
    log = cloud.state_dir / "jobs" / name / "algo-1.log"
    eventually(lambda: log.is_file() and text in log.read_text(), repr(text), 120)


def test_a_script_that_trains_ends_as_a_completed_job_with_its_model(cloud, train):
    definition = {"Name": "validation:auc", "Regex": r"validation-auc:(\S+)"}
    specification = requests.training()["AlgorithmSpecification"] | {"MetricDefinitions": [definition]}
    job = train(AlgorithmSpecification=specification)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    assert job["ModelArtifacts"] == {"S3ModelArtifacts": "s3://bucket/out/job/output/model.tar.gz"}
    assert job["ModelArtifacts"]["S3ModelArtifacts"] in cloud.clients["s3"].uris()
    assert [(metric["MetricName"], metric["Value"]) for metric in job["FinalMetricDataList"]] == [
        ("validation:auc", 0.75)
    ]
    assert [step["Status"] for step in job["SecondaryStatusTransitions"]] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed",
    ]  # fmt: skip
    assert all("EndTime" in step for step in job["SecondaryStatusTransitions"])
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"] <= job["LastModifiedTime"]
    assert job["TrainingTimeInSeconds"] == job["BillableTimeInSeconds"] >= 1


def test_every_step_is_an_event_and_every_metric_a_datum(cloud, train):
    specification = requests.training()["AlgorithmSpecification"] | {
        "MetricDefinitions": [{"Name": "validation:auc", "Regex": r"validation-auc:(\S+)"}]
    }
    train(AlgorithmSpecification=specification, Tags=[{"Key": "team", "Value": "a"}])
    assert [event.detail["SecondaryStatus"] for event in cloud.events] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed",
    ]  # fmt: skip
    last = cloud.events[-1]
    assert last.detail_type == "SageMaker Training Job State Change"
    assert last.resources == ["arn:aws:sagemaker:us-east-1:000000000000:training-job/job"]
    assert last.detail["Tags"] == {"team": "a"}
    assert isinstance(last.detail["CreationTime"], int)
    (metric,) = cloud.metrics
    assert (metric.namespace, metric.name, metric.value) == ("/aws/sagemaker/TrainingJobs", "validation:auc", 0.75)
    assert metric.dimensions == {"TrainingJobName": "job"}


def test_a_script_that_fails_fails_the_job_with_its_last_error(cloud, train):
    job = train("print('reading')\nraise ValueError('column churned is missing')")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"].startswith(
        'AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage "Traceback'
    )
    assert "ValueError: column churned is missing" in job["FailureReason"]
    assert job["FailureReason"].endswith(", exit code: 1")
    assert not [uri for uri in cloud.clients["s3"].uris() if uri.startswith("s3://bucket/out/")]
    (shipped,) = cloud.clients["logs"].streams.values()
    assert "reading" in shipped
    assert "ValueError: column churned is missing" in shipped


def test_the_failure_file_is_the_reason_where_there_is_one(train):
    job = train("import os, sys\nopen(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write('no rows')\nsys.exit(4)")
    assert job["FailureReason"] == "AlgorithmError: no rows, exit code: 4"


def test_a_failure_file_does_not_fail_a_script_that_succeeds(train):
    job = train("import os\nopen(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write('not really')")
    assert job["TrainingJobStatus"] == "Completed"
    assert "FailureReason" not in job


def test_missing_data_fails_the_job_not_the_call(cloud, train):
    del cloud.clients["s3"].objects["bucket", "data/train.csv"]
    job = train()
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed: No S3 objects found under S3 URL")
    assert [step["Status"] for step in job["SecondaryStatusTransitions"]] == ["Starting", "Downloading", "Failed"]


def test_a_refused_upload_fails_the_job(cloud, train):
    cloud.clients["s3"].denied = {"PutObject"}
    job = train()
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Artifact upload failed:")


def test_a_program_that_cannot_start_fails_the_job(process):
    specification = {"ImageUri": requests.IMAGE, "ContainerEntrypoint": ["no-such-program"]}
    job = process("", AppSpecification=specification)
    assert job["FailureReason"] == "ClientError: Cannot start no-such-program on algo-1: No such file or directory"


def test_stop_lets_the_script_save_and_keeps_what_it_saved(cloud, jobs, ask):
    script = """
import os, signal, sys, time
def save(number, frame):
    open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write("partial")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("ready", flush=True)
time.sleep(60)
"""
    cloud.clients["s3"].put(requests.SOURCE, requests.archive(train=script))
    ask("CreateTrainingJob", **requests.training())
    await_line(cloud, "ready")
    ask("StopTrainingJob", TrainingJobName="job")
    job = jobs.wait("training", "job", 120)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "Stopping" in [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert "s3://bucket/out/job/output/model.tar.gz" in cloud.clients["s3"].uris()
    with pytest.raises(ApiError, match="rejected because the training job is in status Stopped"):
        ask("StopTrainingJob", TrainingJobName="job")


def test_a_script_that_does_not_listen_is_killed_after_the_grace(cloud, jobs, ask):
    script = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(60)"
    )
    cloud.clients["s3"].put(requests.SOURCE, requests.archive(train=script))
    ask("CreateTrainingJob", **requests.training())
    await_line(cloud, "ready")
    started = time.monotonic()
    ask("StopTrainingJob", TrainingJobName="job")
    assert jobs.wait("training", "job", 120)["TrainingJobStatus"] == "Stopped"
    # 120 s of AWS at the fake cloud's time scale of 0.01.
    assert time.monotonic() - started >= 1.0


def test_max_runtime_stops_the_job(train):
    job = train(SLEEP, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert job["SecondaryStatusTransitions"][-1]["StatusMessage"].endswith("exceeded MaxRuntimeInSeconds provided")


def test_a_process_that_the_script_leaves_behind_ends_with_the_job(train):
    # A job that waited for it would outlast the fixture's patience.
    job = train("import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])")
    assert job["TrainingJobStatus"] == "Completed"


TWO = requests.training()["ResourceConfig"] | {"InstanceCount": 2}


def test_two_hosts_find_each_other(train, cloud):
    script = """
import json, os, socket
hosts, me = json.loads(os.environ["SM_HOSTS"]), os.environ["SM_CURRENT_HOST"]
open(os.path.join(os.environ["SM_MODEL_DIR"], me), "w").write(json.dumps(hosts))
"""
    job = train(script, ResourceConfig=TWO)
    assert job["TrainingJobStatus"] == "Completed"
    body = cloud.clients["s3"].objects["bucket", "out/job/output/model.tar.gz"]
    assert {"127.0.0.1", "127.0.0.2"} == set(unpack(body))


def test_one_failing_host_of_two_fails_the_job_with_its_name(train):
    script = """
import os, sys, time
if os.environ["SM_CURRENT_HOST"] == "127.0.0.2":
    sys.exit("no peer")
time.sleep(60)
"""
    job = train(script, ResourceConfig=TWO)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: algo-2: ExecuteUserScriptError:\nExitCode 1")
    assert "no peer" in job["FailureReason"]


def test_what_another_host_says_of_a_killed_one_is_the_reason(train):
    """The killed host leaves no failure file; the one that lost it does, when it notices."""
    script = """
import os, signal, socket
hosts = ("127.0.0.1", "127.0.0.2")
if os.environ["SM_CURRENT_HOST"] == hosts[0]:
    with socket.create_server((hosts[0], 7391)) as server, server.accept()[0] as connection:
        connection.recv(1)
    os.makedirs(os.environ["SM_OUTPUT_DIR"], exist_ok=True)
    open(os.path.join(os.environ["SM_OUTPUT_DIR"], "failure"), "w").write("algo-2 was lost")
    raise SystemExit(1)
while True:
    try:
        connection = socket.create_connection((hosts[0], 7391))
        break
    except ConnectionRefusedError:
        continue
os.kill(os.getpid(), signal.SIGKILL)
"""
    job = train(script, ResourceConfig=TWO)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: algo-1: algo-2 was lost, exit code: 1"


def test_a_processing_job_reads_its_inputs_and_uploads_its_outputs(process, cloud):
    script = """
import json, os
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
open(os.path.join(root, "output", "rows.json"), "w").write(json.dumps({"rows": 3}))
os.makedirs(os.path.join(root, "output", "deep"))
open(os.path.join(root, "output", "deep", "x.csv"), "w").write("1")
os.makedirs(os.path.join(root, "..", "output"), exist_ok=True)
open(os.path.join(root, "..", "output", "message"), "w").write("3 rows")
"""
    job = process(script)
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ExitMessage"] == "3 rows"
    assert cloud.clients["s3"].objects["bucket", "out/rows.json"] == b'{"rows": 3}'
    assert cloud.clients["s3"].objects["bucket", "out/deep/x.csv"] == b"1"
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]


def test_a_processing_job_that_fails_says_why_and_uploads_nothing(process, cloud):
    job = process("import sys\nsys.exit('header only: no rows')")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: header only: no rows, exit code: 1"
    assert not [key for key in cloud.clients["s3"].uris() if key.startswith("s3://bucket/out")]


def test_environment_and_arguments_reach_the_entry_point(process, cloud):
    specification = {
        "ImageUri": requests.IMAGE,
        "ContainerEntrypoint": ["/bin/sh", "-c"],
        "ContainerArguments": ["echo $COLOUR > /opt/ml/processing/output/said"],
    }
    job = process("", AppSpecification=specification, Environment={"COLOUR": "blue"})
    assert job["ProcessingJobStatus"] == "Completed", job
    assert cloud.clients["s3"].objects["bucket", "out/said"] == b"blue\n"


def test_network_isolation_takes_the_roles_credentials_away(process, cloud):
    specification = {
        "ImageUri": requests.IMAGE,
        "ContainerEntrypoint": ["/bin/sh", "-c"],
        "ContainerArguments": ["env > /opt/ml/processing/output/env"],
    }
    process("", AppSpecification=specification, NetworkConfig={"EnableNetworkIsolation": True})
    assert b"AWS_ACCESS_KEY_ID" not in cloud.clients["s3"].objects["bucket", "out/env"]


def test_a_name_is_used_once(train, ask):
    train()
    with pytest.raises(ApiError) as refusal:
        ask("CreateTrainingJob", **requests.training())
    assert refusal.value.code == "ResourceInUse"
    assert refusal.value.message == (
        "Training job names must be unique within an AWS account and region, and a training job with this name already "
        "exists (arn:aws:sagemaker:us-east-1:000000000000:training-job/job)"
    )


def test_a_processing_job_may_have_a_training_jobs_name(train, process, cloud):
    train("print('trained')")
    process("print('processed')")
    assert "trained" in (cloud.state_dir / "jobs" / "job" / "algo-1.log").read_text()
    assert "processed" in (cloud.state_dir / "jobs" / "job.processing" / "algo-1.log").read_text()


@pytest.mark.parametrize(
    ("operation", "member", "told"),
    [
        ("DescribeTrainingJob", "TrainingJobName", "Requested resource not found."),
        ("StopTrainingJob", "TrainingJobName", "Requested resource not found."),
        ("DescribeProcessingJob", "ProcessingJobName", "Could not find requested job with name: absent"),
    ],
)
def test_an_unknown_job_is_a_validation_exception_as_on_aws(ask, operation, member, told):
    with pytest.raises(ApiError) as refusal:
        ask(operation, **{member: "absent"})
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", told)


@pytest.mark.parametrize("action", ["sagemaker:CreateTrainingJob", "iam:PassRole", "sagemaker:AddTags"])
def test_creating_takes_every_permission(cloud, ask, action):
    cloud.denied = {action}
    with pytest.raises(ApiError, match=action) as refusal:
        ask("CreateTrainingJob", **requests.training(Tags=[{"Key": "a", "Value": "b"}]))
    assert refusal.value.code == "AccessDeniedException"
    cloud.denied = set()
    assert ask("ListTrainingJobs")["TrainingJobSummaries"] == []


def test_permissions_are_asked_on_the_jobs_arn_and_the_passed_role(cloud, train):
    train()
    arn = "arn:aws:sagemaker:us-east-1:000000000000:training-job/job"
    asked = {(one.action, one.resource): one.context for one in cloud.authorizations}
    assert ("sagemaker:CreateTrainingJob", arn) in asked
    assert asked["iam:PassRole", requests.ROLE] == {"iam:PassedToService": "sagemaker.amazonaws.com"}


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("DescribeTrainingJob", {"TrainingJobName": "job"}),
        ("StopTrainingJob", {"TrainingJobName": "job"}),
        ("ListTrainingJobs", {}),
        ("ListProcessingJobs", {}),
    ],
)
def test_reading_and_stopping_take_permissions(cloud, ask, train, operation, request_):
    train()
    cloud.denied = {f"sagemaker:{operation}"}
    with pytest.raises(ApiError, match=f"sagemaker:{operation}"):
        ask(operation, **request_)


def test_a_role_that_does_not_trust_sagemaker_is_refused_at_create(cloud, ask):
    cloud.untrusting = {requests.ROLE}
    with pytest.raises(ApiError, match="Could not assume role"):
        ask("CreateTrainingJob", **requests.training())


def test_jobs_are_listed_in_pages_and_by_status(train, ask):
    for name in ("one", "two", "three"):
        train(name=name)
    train("raise SystemExit(1)", name="four")
    first = ask("ListTrainingJobs", MaxResults=3)
    second = ask("ListTrainingJobs", MaxResults=3, NextToken=first["NextToken"])
    listed = [job["TrainingJobName"] for page in (first, second) for job in page["TrainingJobSummaries"]]
    assert listed == ["one", "two", "three", "four"]
    assert "NextToken" not in second
    (failed,) = ask("ListTrainingJobs", StatusEquals="Failed")["TrainingJobSummaries"]
    assert failed["TrainingJobName"] == "four"
    assert failed["SecondaryStatus"] == "Failed"


def test_a_filter_that_is_not_implemented_is_refused_not_ignored(ask):
    with pytest.raises(ApiError, match="WarmPoolStatusEquals is not implemented"):
        ask("ListTrainingJobs", WarmPoolStatusEquals="Available")


def test_tags_given_at_create_are_the_jobs_tags(train, tags):
    job = train(Tags=[{"Key": "MANAGED", "Value": "yes"}])
    assert tags.of(job["TrainingJobArn"]) == {"MANAGED": "yes"}
    assert "Tags" not in job


def test_descriptions_are_copies(train, ask):
    train()
    ask("DescribeTrainingJob", TrainingJobName="job")["HyperParameters"]["rounds"] = "changed"
    assert ask("DescribeTrainingJob", TrainingJobName="job")["HyperParameters"]["rounds"] == "3"


def test_close_ends_what_runs_and_wakes_who_waits(cloud, jobs, ask):
    cloud.clients["s3"].put(requests.SOURCE, requests.archive(train=SLEEP))
    ask("CreateTrainingJob", **requests.training())
    await_line(cloud, "ready")
    ended = []
    waiter = threading.Thread(target=lambda: ended.append(jobs.wait("training", "job", 120)))
    waiter.start()
    jobs.close()
    waiter.join(20)
    assert ended[0]["TrainingJobStatus"] == "Stopped"
    assert all(process.poll() is not None for process in cloud.processes.started)


def test_a_succeeded_job_leaves_its_log_a_failed_one_its_files_too(train, cloud):
    train(name="good")
    train("raise SystemExit(1)", name="bad")
    left = cloud.state_dir / "jobs" / "good"
    eventually(lambda: not (left / "algo-1").exists())
    assert sorted(path.name for path in left.iterdir()) == [".kind", "algo-1.log"]
    assert (cloud.state_dir / "jobs" / "bad" / "algo-1" / "ml" / "input" / "data" / "train" / "train.csv").is_file()


def test_what_an_earlier_server_left_is_not_seen(train, cloud):
    left = cloud.state_dir / "jobs" / "job" / "algo-1" / "ml" / "model"
    left.mkdir(parents=True)
    (left / "old.txt").write_text("old")
    train()
    assert set(unpack(cloud.clients["s3"].objects["bucket", "out/job/output/model.tar.gz"])) == {"model.txt"}


def test_waiting_for_a_job_that_goes_on_times_out(cloud, jobs, ask):
    cloud.clients["s3"].put(requests.SOURCE, requests.archive(train=SLEEP))
    ask("CreateTrainingJob", **requests.training())
    with pytest.raises(TimeoutError, match="has not ended"):
        jobs.wait("training", "job", 0.05)


def unpack(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}


def test_a_description_answers_as_the_model_says(train, ask, jobs, cloud):
    train()
    service = JsonService("sagemaker", jobs.operations(), lambda headers: cloud.caller)
    headers = {"x-amz-target": "SageMaker.DescribeTrainingJob"}
    status, _, body = asyncio.run(service("POST", "/", headers, b'{"TrainingJobName": "job"}', {}))
    assert status == 200
    assert isinstance(json.loads(body)["TrainingEndTime"], float)


def test_a_job_that_cannot_start_leaves_nothing_running_for_its_checkpoints(train):
    specification = requests.training()["AlgorithmSpecification"] | {"ContainerEntrypoint": ["no-such-program"]}
    job = train(AlgorithmSpecification=specification, CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"})
    assert job["FailureReason"] == "ClientError: Cannot start no-such-program on algo-1: No such file or directory"
    assert not [thread for thread in threading.enumerate() if thread.name == "checkpoints"]
