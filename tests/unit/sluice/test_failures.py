import json

from sluice.failures import describe_failure


def test_a_failed_job_is_named_with_its_own_reason() -> None:
    cause = json.dumps({"TrainingJobName": "t-1", "TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: x"})

    assert describe_failure("States.TaskFailed", cause) == "training job t-1 ended as Failed: AlgorithmError: x"


def test_a_stopped_tuning_job_is_named_too() -> None:
    cause = json.dumps({"HyperParameterTuningJobName": "h-1", "HyperParameterTuningJobStatus": "Stopped"})

    assert describe_failure("States.TaskFailed", cause) == "tuning job h-1 ended as Stopped: it gave no reason"


def test_a_stopped_transform_job_is_named_too() -> None:
    cause = json.dumps({"TransformJobName": "t-1", "TransformJobStatus": "Stopped", "ModelName": "m"})

    assert describe_failure("States.TaskFailed", cause) == "transform job t-1 ended as Stopped: it gave no reason"


def test_a_processing_jobs_exit_message_says_more_than_its_failure_reason() -> None:
    document = {
        "ProcessingJobName": "p-1",
        "ProcessingJobStatus": "Failed",
        "FailureReason": "AlgorithmError: see job logs",
        "ExitMessage": "column 'a' holds no numbers",
    }

    assert describe_failure("States.TaskFailed", json.dumps(document)).endswith("column 'a' holds no numbers")


def test_a_failed_function_is_shown_by_its_error() -> None:
    cause = json.dumps({"errorMessage": "no such table", "errorType": "ClientError"})

    assert describe_failure("ClientError", cause) == "ClientError: no such table"


def test_anything_else_is_shown_as_it_is() -> None:
    assert describe_failure("States.Timeout", "") == "States.Timeout"
    assert describe_failure("States.Runtime", "bad path") == "States.Runtime: bad path"
