"""What CreateTrainingJob and CreateProcessingJob refuse, and in which words."""

import copy

import pytest

from localcloud.api import ApiError
from localcloud.sagemaker.jobs import processing, training
from tests.unit.localcloud.sagemaker.jobs import requests


def changed(request, path, value):
    """A copy with one member set, or (None) taken away; numbers in the path are list positions."""
    request = copy.deepcopy(request)
    *parents, last = path
    place = request
    for step in parents:
        place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return request


S3 = ("InputDataConfig", 0, "DataSource", "S3DataSource")
SPOT = {"EnableManagedSpotTraining": True}


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("AlgorithmSpecification",), None, "AlgorithmSpecification is required"),
        (("AlgorithmSpecification", "TrainingImage"), None, r"AlgorithmSpecification\.TrainingImage is required"),
        (("AlgorithmSpecification", "TrainingImage"), "mine:1", "script mode only"),
        (("AlgorithmSpecification", "AlgorithmName"), "a", r"AlgorithmSpecification\.AlgorithmName is not implemented"),
        (("AlgorithmSpecification", "TrainingInputMode"), "Pipe", "channel train: input mode Pipe is not implemented"),
        (
            ("AlgorithmSpecification", "MetricDefinitions"),
            [{"Name": "a", "Regex": "("}],
            "metric definition a is invalid",
        ),
        (("HyperParameters", "sagemaker_program"), None, "on AWS this would run the built-in algorithm"),
        (("HyperParameters", "sagemaker_submit_directory"), None, "no sagemaker_submit_directory"),
        (("ResourceConfig", "InstanceCount"), None, r"ResourceConfig\.InstanceCount is required"),
        (("ResourceConfig", "InstanceGroups"), [{}], r"ResourceConfig\.InstanceGroups is not implemented"),
        ((*S3, "S3DataType"), "AugmentedManifestFile", "S3DataType AugmentedManifestFile is not implemented"),
        ((*S3, "S3Uri"), "https://x/y", "channel train: S3Uri is https://x/y; it must be an s3:// address"),
        (("InputDataConfig", 0, "DataSource"), {"FileSystemDataSource": {}}, "FileSystemDataSource is not implemented"),
        (("InputDataConfig", 0, "RecordWrapperType"), "RecordIO", "RecordWrapperType RecordIO is not implemented"),
        (("OutputDataConfig", "S3OutputPath"), "s3://", r"OutputDataConfig\.S3OutputPath is s3://"),
        (("StoppingCondition", "MaxWaitTimeInSeconds"), 90, "supported only when EnableManagedSpotTraining is true"),
        (("EnableManagedSpotTraining",), True, r"greater than or equal to MaxRuntimeInSeconds \(60\); it is absent"),
        (("CheckpointConfig",), {"S3Uri": "s3://b/c", "LocalPath": "/tmp/c"}, "keeps checkpoints below /opt/ml/"),
        (("CheckpointConfig",), {"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/../x"}, "keeps checkpoints below"),
        (("ServerlessJobConfig",), {"a": 1}, "ServerlessJobConfig is not implemented by the local cloud"),
        (("DebugRuleConfigurations",), [{"a": 1}], "DebugRuleConfigurations is not implemented by the local cloud"),
    ],
)
def test_a_training_job_is_refused(path, value, told):
    with pytest.raises(ApiError, match=told) as refusal:
        training.validate(changed(requests.training(), path, value))
    assert refusal.value.code == "ValidationException"


def test_two_channels_of_one_name_are_refused():
    request = requests.training()
    request["InputDataConfig"] *= 2
    with pytest.raises(ApiError, match="must be unique, but train stands there 2 times"):
        training.validate(request)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59}, "it is 59"),
        ({"MaxWaitTimeInSeconds": 3600}, r"\(86400\); it is 3600"),
    ],
)
def test_spot_waits_at_least_as_long_as_it_runs(condition, told):
    with pytest.raises(ApiError, match=told):
        training.validate(requests.training(**SPOT, StoppingCondition=condition))


def test_spot_excludes_a_warm_pool():
    request = requests.training(**SPOT, StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60})
    training.validate(request)
    request["ResourceConfig"]["KeepAlivePeriodInSeconds"] = 60
    with pytest.raises(ApiError, match="KeepAlivePeriodInSeconds is not supported"):
        training.validate(request)


def test_an_entry_point_of_its_own_needs_no_script_mode():
    request = requests.training(HyperParameters={})
    request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["python3", "/opt/ml/input/data/train/x.py"]
    training.validate(request)


INPUT = ("ProcessingInputs", 0)
OUTPUT = ("ProcessingOutputConfig", "Outputs", 0)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("AppSpecification", "ImageUri"), "mine:1", "script mode only"),
        (("AppSpecification", "ContainerEntrypoint"), None, 'name the command to run, such as \\["python3"'),
        (("ProcessingResources", "ClusterConfig", "InstanceType"), None, r"ClusterConfig\.InstanceType is required"),
        ((*INPUT, "S3Input"), None, "ProcessingInputs code: S3Input is required"),
        ((*INPUT, "DatasetDefinition"), {"a": 1}, "ProcessingInputs code: DatasetDefinition is not implemented"),
        ((*INPUT, "S3Input", "S3InputMode"), "Pipe", "input mode Pipe is not implemented"),
        ((*INPUT, "S3Input", "LocalPath"), None, "ProcessingInputs code: LocalPath is required"),
        ((*INPUT, "S3Input", "LocalPath"), "/data", "it must begin with /opt/ml/processing/"),
        ((*INPUT, "S3Input", "LocalPath"), "/opt/ml/processing/../..", "it must begin with"),
        (
            (*OUTPUT, "S3Output", "S3UploadMode"),
            "Continuous",
            "S3UploadMode Continuous is not implemented .*use EndOfJob",
        ),
        ((*OUTPUT, "S3Output", "S3Uri"), "nowhere", "it must be an s3:// address"),
        ((*OUTPUT, "FeatureStoreOutput"), {"a": 1}, "FeatureStoreOutput is not implemented"),
    ],
)
def test_a_processing_job_is_refused(path, value, told):
    with pytest.raises(ApiError, match=told) as refusal:
        processing.validate(changed(requests.processing(), path, value))
    assert refusal.value.code == "ValidationException"


def test_two_inputs_in_one_place_are_refused():
    request = requests.processing()
    request["ProcessingInputs"].append({**request["ProcessingInputs"][0], "InputName": "other"})
    with pytest.raises(ApiError, match="LocalPath of ProcessingInputs must be unique"):
        processing.validate(request)


def test_what_the_requests_hold_is_accepted():
    training.validate(requests.training())
    processing.validate(requests.processing())
