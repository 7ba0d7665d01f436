"""A tuning job's life with training jobs that the test plays: how many at once, and every way to end."""

import threading
from dataclasses import replace

import pytest

from localcloud.sagemaker.jobs.records import JobRecords
from localcloud.sagemaker.tags import TagStore
from localcloud.sagemaker.tuning.plan import read_plan
from localcloud.sagemaker.tuning.run import TuningRun
from localcloud.sagemaker.tuning.service import KIND, described
from tests.fakes.cloud import FakeCloud
from tests.unit.localcloud.sagemaker.tuning.requests import METRIC, tuning
from tests.unit.localcloud.sagemaker.tuning.training_jobs import FakeTrainingJobs
from tests.waiting import eventually

ARN = "arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/tune"


@pytest.fixture
def cloud(tmp_path):
    return FakeCloud(tmp_path)


@pytest.fixture
def records(cloud):
    return JobRecords(KIND, cloud, TagStore(cloud))


@pytest.fixture
def begin(records):
    """Start a tuning job whose training jobs do what `script` says."""
    runs = []

    def start(script=None, max_seconds=None, jobs=None, **config):
        request = tuning(**config)
        records.add(described(request, ARN))
        played = jobs or FakeTrainingJobs(script)
        plan = read_plan(request)
        if max_seconds is not None:
            # The API takes 120 and more.
            plan = replace(plan, max_seconds=max_seconds)
        run = TuningRun(request, plan, ARN, played, records)
        runs.append(run)
        run.start()
        return run, played

    yield start
    for run in runs:
        run.kill()
        run.join(10)


def emit_rate(job):
    job.emit(job.rate)


def counted(job):
    jobs, objectives = job["TrainingJobStatusCounters"], job["ObjectiveStatusCounters"]
    return {
        name: number for name, number in (jobs | {f"objective {k}": v for k, v in objectives.items()}).items() if number
    }


def test_as_many_jobs_as_may_run_together_and_no_more_in_all(records, begin):
    # Given jobs that go on only when three of them have met
    together = threading.Barrier(3)

    def meet(job):
        together.wait(60)
        job.emit(job.rate)

    # When six run, three at a time
    _, jobs = begin(meet, limits={"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 3})

    # Then they have met twice
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert counted(job) == {"Completed": 6, "objective Succeeded": 6}
    assert len(jobs.jobs) == 6


def test_no_more_than_the_limit_run_at_once(begin):
    _, jobs = begin(limits={"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2})
    eventually(lambda: len(jobs.running()) == 2, "two run")
    jobs.running()[0].end()
    eventually(lambda: len(jobs.jobs) == 3 and len(jobs.running()) == 2, "a third one runs beside the second")


@pytest.mark.parametrize(("type_", "choose"), [("Maximize", max), ("Minimize", min)])
def test_the_best_job_is_the_one_with_the_best_last_value(records, begin, type_, choose):
    objective = {"Type": type_, "MetricName": METRIC}

    def script(job):
        job.emit(5.0)
        job.emit(-5.0)
        job.emit(job.rate)

    _, jobs = begin(script, HyperParameterTuningJobObjective=objective)
    job = records.wait("tune", 60)
    rates = [played.rate for played in jobs.jobs.values()]
    assert job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == choose(rates)
    assert float(job["BestTrainingJob"]["TunedHyperParameters"]["rate"]) == choose(rates)
    assert "OverallBestTrainingJob" not in job
    assert job["ConsumedResources"]["RuntimeInSeconds"] >= 1


def test_jobs_are_named_by_their_tuning_job_and_told_its_objective(records, begin):
    _, jobs = begin(emit_rate)
    records.wait("tune", 60)
    assert [name.rsplit("-", 1)[0] for name in jobs.jobs] == ["tune-001", "tune-002", "tune-003", "tune-004"]
    assert {len(name.rsplit("-", 1)[1]) for name in jobs.jobs} == {8}
    for played in jobs.jobs.values():
        assert played.request["HyperParameters"].keys() == {
            "rate", "sagemaker_program", "sagemaker_submit_directory", "_tuning_objective_metric",
        }  # fmt: skip
        assert played.request["HyperParameters"]["_tuning_objective_metric"] == METRIC


def test_a_job_that_fails_is_counted_and_the_rest_goes_on(records, begin):
    def script(job):
        if job.request["TrainingJobName"].startswith("tune-002"):
            job.end("Failed", "AlgorithmError: no")
        job.emit(job.rate)

    begin(script)
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert counted(job) == {
        "Completed": 3, "NonRetryableError": 1, "objective Succeeded": 3, "objective Failed": 1,
    }  # fmt: skip


def test_when_all_jobs_fail_so_does_the_tuning_job(records, begin):
    _, jobs = begin(lambda job: job.end("Failed", "AlgorithmError: no rows"))
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert "AlgorithmError: no rows" in job["FailureReason"]
    assert len(jobs.jobs) == 4


def test_five_failures_in_a_row_are_enough(records, begin):
    _, jobs = begin(lambda job: job.end("Failed", "no"), limits={"MaxNumberOfTrainingJobs": 50})
    assert records.wait("tune", 60)["FailureReason"].startswith("No training job succeeded after 5 attempts")
    assert len(jobs.jobs) == 5


def all_fail_but_the_first(first):
    def script(job):
        if "-001-" in job.request["TrainingJobName"]:
            first(job)
        else:
            job.end("Failed", "no")

    return script


def test_after_five_failures_it_depends_on_what_still_runs(records, begin):
    # Given one job that runs on while five others fail
    go_on = threading.Event()

    def first(job):
        go_on.wait(60)
        job.emit(0.5)

    limits = {"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 2}
    run, jobs = begin(all_fail_but_the_first(first), limits=limits)
    eventually(lambda: run.progress()["TrainingJobStatusCounters"]["NonRetryableError"] == 5)
    assert len(jobs.jobs) == 6

    # When it succeeds
    go_on.set()

    # Then the search goes on to its end
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert counted(job) == {"Completed": 1, "NonRetryableError": 7, "objective Succeeded": 1, "objective Failed": 7}


def test_when_that_fails_too_the_search_has_failed(records, begin):
    run, jobs = begin(
        all_fail_but_the_first(lambda job: job.stopped.wait(60) and job.end("Failed", "no")),
        limits={"MaxNumberOfTrainingJobs": 50, "MaxParallelTrainingJobs": 2},
    )
    eventually(lambda: run.progress()["TrainingJobStatusCounters"]["NonRetryableError"] == 5)
    jobs.stop_child(next(iter(jobs.jobs)))
    job = records.wait("tune", 60)
    assert job["FailureReason"].startswith("No training job succeeded after 6 attempts")
    assert counted(job) == {"NonRetryableError": 6, "objective Failed": 6}


def test_a_stop_reaches_a_search_that_waits_for_its_last_hope(records, begin):
    run, _ = begin(
        all_fail_but_the_first(lambda job: job.stopped.wait(60)),
        limits={"MaxNumberOfTrainingJobs": 50, "MaxParallelTrainingJobs": 3},
    )
    eventually(lambda: run.progress()["TrainingJobStatusCounters"]["NonRetryableError"] >= 5)
    run.stop()
    assert records.wait("tune", 60)["HyperParameterTuningJobStatus"] == "Stopped"


def test_a_job_that_emits_nothing_is_a_failure_of_its_objective(records, begin):
    begin(lambda job: None)
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No objective metrics found after running 4 training jobs")
    assert counted(job) == {"Completed": 4, "objective Failed": 4}


def test_stop_ends_the_running_jobs_and_starts_no_more(cloud, records, begin):
    run, jobs = begin(limits={"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2})
    eventually(lambda: len(jobs.running()) == 2)
    run.stop()
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert "FailureReason" not in job
    assert counted(job) == {"Stopped": 2, "objective Failed": 2}
    assert [event.detail["HyperParameterTuningJobStatus"] for event in cloud.events] == ["Stopping", "Stopped"]


def test_what_was_found_before_the_stop_stays(records, begin):
    def script(job):
        if "-001-" in job.request["TrainingJobName"]:
            job.emit(0.5)
        else:
            job.stopped.wait(60)

    run, jobs = begin(script)
    eventually(lambda: len(jobs.jobs) == 2)
    run.stop()
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["BestTrainingJob"]["TrainingJobName"].startswith("tune-001-")


def test_the_longest_runtime_ends_it(records, begin):
    begin(max_seconds=0.1)
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["FailureReason"] == "Tuning job runtime exceeded MaxRuntimeInSeconds provided"


def test_the_longest_runtime_does_not_end_what_has_ended(records, begin):
    run, _ = begin(emit_rate, max_seconds=3600)
    assert records.wait("tune", 60)["HyperParameterTuningJobStatus"] == "Completed"
    run.join(10)
    eventually(
        lambda: not [one for one in threading.enumerate() if isinstance(one, threading.Timer)], "no alarm is set"
    )


def test_the_best_so_far_is_told_while_it_runs(begin):
    def script(job):
        job.emit(job.rate)
        if "-003-" in job.request["TrainingJobName"]:
            job.stopped.wait(60)

    run, jobs = begin(script)
    eventually(lambda: len(jobs.jobs) == 3)
    progress = run.progress()
    assert progress["TrainingJobStatusCounters"] | {"Stopped": 0} == {
        "Completed": 2, "InProgress": 1, "RetryableError": 0, "NonRetryableError": 0, "Stopped": 0,
    }  # fmt: skip
    assert progress["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 1, "Failed": 0}
    assert progress["BestTrainingJob"]["ObjectiveStatus"] == "Succeeded"


def test_a_job_that_is_not_worth_finishing_is_stopped_early_and_keeps_its_value(records, begin):
    def script(job):
        good = "-004-" not in job.request["TrainingJobName"]
        for _ in range(3):
            job.emit(0.9 if good else 0.1)
            if job.stopped.is_set():
                return

    begin(script, TrainingJobEarlyStoppingType="Auto", limits={"MaxNumberOfTrainingJobs": 5})
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert counted(job) == {"Completed": 4, "Stopped": 1, "objective Succeeded": 5}


def test_a_job_that_is_stopped_by_hand_ends_alone(records, begin):
    def script(job):
        job.emit(job.rate)
        if "-001-" in job.request["TrainingJobName"]:
            job.stopped.wait(60)

    _, jobs = begin(script, limits={"MaxParallelTrainingJobs": 2})
    first = eventually(lambda: next(iter(jobs.jobs), None))
    eventually(lambda: len(jobs.jobs) == 4 and len(jobs.running()) == 1)
    jobs.stop_child(first)
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert counted(job) == {"Completed": 3, "Stopped": 1, "objective Succeeded": 4}


def test_a_job_that_cannot_start_fails_the_tuning_job(records, begin):
    jobs = FakeTrainingJobs(emit_rate)
    jobs.refused = "Could not assume role"
    begin(jobs=jobs)
    job = records.wait("tune", 60)
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: Could not assume role"


def test_the_end_of_the_server_kills_the_jobs(records, begin):
    run, jobs = begin(limits={"MaxParallelTrainingJobs": 2})
    eventually(lambda: len(jobs.running()) == 2)
    run.kill()
    assert records.wait("tune", 60)["HyperParameterTuningJobStatus"] == "Stopped"
    assert sorted(jobs.killed) == sorted(jobs.jobs)


def test_the_same_seed_one_at_a_time_asks_for_the_same(tmp_path):
    asked = []
    for number in range(2):
        cloud = FakeCloud(tmp_path / str(number))
        records = JobRecords(KIND, cloud, TagStore(cloud))
        request = tuning(limits={"MaxNumberOfTrainingJobs": 12})
        records.add(described(request, ARN))
        jobs = FakeTrainingJobs(emit_rate)
        TuningRun(request, read_plan(request), ARN, jobs, records).start()
        records.wait("tune", 60)
        asked.append([played.rate for played in jobs.jobs.values()])
    assert asked[0] == asked[1]
