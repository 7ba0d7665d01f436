"""The processing jobs of one execution, as SageMaker would ask CreateProcessingJob for them.

Names, variables and paths are those that DescribeProcessingJob shows of monitoring jobs on AWS.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.sagemaker.monitoring.folders import Folder
from localcloud.sagemaker.monitoring.kinds import MODEL_QUALITY, Kind
from localcloud.sagemaker.monitoring.window import Window

MERGER_IMAGE: Final = "sagemaker-model-monitor-groundtruth-merger"
PUBLISH: Final = "publish_cloudwatch_metrics"
ENABLED: Final = "Enabled"

_ROOT: Final = "/opt/ml/processing"
_CONSTRAINTS: Final = f"{_ROOT}/baseline/constraints"
_STATISTICS: Final = f"{_ROOT}/baseline/stats"
_TRUTH: Final = f"{_ROOT}/groundtruth"
_ATTRIBUTES: Final = {
    "InferenceAttribute": "inference_attribute",
    "ProbabilityAttribute": "probability_attribute",
    "ProbabilityThresholdAttribute": "probability_threshold_attribute",
    "ExcludeFeaturesAttribute": "exclude_features_attribute",
}


@dataclass(frozen=True)
class Execution:
    """One firing of a schedule. `token` is in the names of its jobs.

    `metric_time` is what metrics are dated with: the schedule's time before, as on AWS. Where time is scaled that is
    not the window's start, which no alarm would look back to.
    """

    kind: Kind
    definition: Mapping[str, Any]
    schedule: str
    scheduled: datetime
    window: Window
    metric_time: datetime
    token: str

    @property
    def endpoint(self) -> str:
        name: str = self.source["EndpointName"]
        return name

    @property
    def source(self) -> Mapping[str, Any]:
        held: Mapping[str, Any] = self.kind.endpoint_input(self.definition)
        return held

    @property
    def output_uri(self) -> str:
        uri: str = self.kind.output(self.definition)["S3Uri"]
        return uri.rstrip("/")

    @property
    def merged_uri(self) -> str:
        return f"{self.output_uri}/merge"

    def job_name(self, job: str) -> str:
        return f"{job}-{self.scheduled.astimezone(UTC):%Y%m%d%H%M}-{self.token}"


def analysis(one: Execution, data: Sequence[Folder]) -> dict[str, Any]:
    """The analyzer on `data`, captures or captures with ground truth."""
    uri = f"{one.output_uri}/{one.endpoint}/{one.schedule}/{one.scheduled.astimezone(UTC):%Y/%m/%d/%H}"
    given = one.kind.output(one.definition)
    image = one.definition[one.kind.member("AppSpecification")]["ImageUri"]
    return {
        **_job(one, one.job_name(one.kind.job), image),
        "Environment": _environment(one),
        "ProcessingInputs": [*_baseline(one), *_data(data, one.source)],
        "ProcessingOutputConfig": _output(one, given["LocalPath"], uri, given.get("S3UploadMode", "Continuous")),
    }


def merge(one: Execution, captures: Sequence[Folder], truth: Sequence[Folder]) -> dict[str, Any]:
    """The job before a model quality analysis, which joins captures with what really happened."""
    analyzer = one.definition[one.kind.member("AppSpecification")]["ImageUri"]
    output = f"{_ROOT}/output"
    return {
        **_job(one, one.job_name("groundtruth-merge"), f"{analyzer.rpartition('/')[0]}/{MERGER_IMAGE}"),
        "Environment": {
            "dataset_source": one.source["LocalPath"],
            "ground_truth_source": _TRUTH,
            "output_path": output,
        },
        "ProcessingInputs": [*_inputs("groundtruth_input", truth, _TRUTH), *_data(captures, one.source)],
        "ProcessingOutputConfig": _output(one, output, one.merged_uri, "EndOfJob"),
    }


def _job(one: Execution, name: str, image: str) -> dict[str, Any]:
    network = one.definition.get("NetworkConfig")
    return {
        "ProcessingJobName": name,
        "RoleArn": one.definition["RoleArn"],
        "AppSpecification": {"ImageUri": image},
        "ProcessingResources": {"ClusterConfig": one.definition["JobResources"]["ClusterConfig"]},
        "StoppingCondition": {"MaxRuntimeInSeconds": one.kind.max_seconds(one.definition)},
        **({"NetworkConfig": network} if network else {}),
    }


def _environment(one: Execution) -> dict[str, str]:
    """The user's own variables; SageMaker's win, but for the one that switches metrics off."""
    application = one.definition[one.kind.member("AppSpecification")]
    given = application.get("Environment", {})
    variables = {
        "analysis_type": one.kind.analysis,
        "dataset_format": _dataset_format(one.kind),
        "dataset_source": one.source["LocalPath"],
        "output_path": one.kind.output(one.definition)["LocalPath"],
        "start_time": _time(one.window.start),
        "end_time": _time(one.window.end),
        "metric_time": _time(one.metric_time),
        "sagemaker_endpoint_name": one.endpoint,
        "sagemaker_monitoring_schedule_name": one.schedule,
        PUBLISH: given.get(PUBLISH, ENABLED),
        **{name: str(one.source[member]) for member, name in _ATTRIBUTES.items() if member in one.source},
        **{name: f"{path}/{_file(uri)}" for name, _, path, uri in _resources(one)},
    }
    if one.kind is MODEL_QUALITY:
        variables["problem_type"] = application["ProblemType"]
    return {**given, **variables}


def _dataset_format(kind: Kind) -> str:
    if kind is MODEL_QUALITY:
        document = {"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"]}}
    else:
        document = {"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}
    return json.dumps(document, separators=(",", ":"))


def _resources(one: Execution) -> Iterable[tuple[str, str, str, str]]:
    """Variable, input's name, path and address of what the baseline has."""
    baseline = one.definition.get(one.kind.member("BaselineConfig"), {})
    places = (
        ("baseline_constraints", "constraints", _CONSTRAINTS, "ConstraintsResource"),
        ("baseline_statistics", "baseline", _STATISTICS, "StatisticsResource"),
    )
    for variable, name, path, member in places:
        uri = baseline.get(member, {}).get("S3Uri")
        if uri:
            yield variable, name, path, uri


def _baseline(one: Execution) -> list[dict[str, Any]]:
    return [_input(name, uri, path) for _, name, path, uri in _resources(one)]


def _data(folders: Sequence[Folder], source: Mapping[str, Any]) -> list[dict[str, Any]]:
    distribution = source.get("S3DataDistributionType", "FullyReplicated")
    return _inputs("endpoint_input", folders, source["LocalPath"], distribution)


def _inputs(
    name: str, folders: Sequence[Folder], path: str, distribution: str = "FullyReplicated"
) -> list[dict[str, Any]]:
    return [
        _input(f"{name}_{number}", f"{one.uri}/", f"{path.rstrip('/')}/{one.path}", distribution)
        for number, one in enumerate(folders, 1)
    ]


def _input(name: str, uri: str, path: str, distribution: str = "FullyReplicated") -> dict[str, Any]:
    source = {
        "S3Uri": uri,
        "LocalPath": path,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": distribution,
        "S3CompressionType": "None",
    }
    return {"InputName": name, "AppManaged": False, "S3Input": source}


def _output(one: Execution, path: str, uri: str, mode: str) -> dict[str, Any]:
    target = {"S3Uri": uri, "LocalPath": path, "S3UploadMode": mode}
    key = one.definition[one.kind.member("JobOutputConfig")].get("KmsKeyId")
    outputs = [{"OutputName": "result", "AppManaged": False, "S3Output": target}]
    return {"Outputs": outputs, **({"KmsKeyId": key} if key else {})}


def _file(uri: str) -> str:
    return uri.rpartition("/")[2]


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
