"""What SageMaker checks of a job definition beyond its shape, and what the local cloud refuses rather than ignores."""

from collections.abc import Mapping
from typing import Any, Final

from localcloud.api import ApiError
from localcloud.sagemaker.hosting.capture_config import CaptureSpec
from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.images import repository
from localcloud.sagemaker.jobs import checks
from localcloud.sagemaker.jobs.checks import invalid
from localcloud.sagemaker.monitoring.kinds import DATA_QUALITY, MODEL_QUALITY, Kind

ANALYZER_IMAGE: Final = "sagemaker-model-monitor-analyzer"
SWITCH: Final = "localcloud:model-monitor"
"""A tag of an endpoint, for tests: with the value `closed`, the account is one that Model Monitor is closed to."""

_OF_THE_IMAGE: Final = ("ContainerEntrypoint", "ContainerArguments")
_SCRIPTS: Final = ("RecordPreprocessorSourceUri", "PostAnalyticsProcessorSourceUri")


def check_definition(kind: Kind, request: Mapping[str, Any]) -> None:
    _application(request[kind.member("AppSpecification")], kind.member("AppSpecification."))
    _input(kind, request[kind.member("JobInput")])
    _output(kind, request)
    _baseline(request.get(kind.member("BaselineConfig"), {}), kind.member("BaselineConfig."))
    checks.refuse(request.get("NetworkConfig", {}), ("VpcConfig",), "NetworkConfig.")
    if kind is MODEL_QUALITY:
        _problem(request)


def capture_of(endpoint: Endpoint) -> CaptureSpec:
    """What the endpoint captures, and where to; ValidationException when it captures nothing."""
    if endpoint.fleet is None:
        raise invalid(f'Endpoint "{endpoint.arn}" is in status {endpoint.status}; it must be in service.')
    spec = endpoint.fleet.variants[0].spec
    if spec.serverless:
        raise invalid(f'Endpoint "{endpoint.arn}" is serverless: Model Monitor does not support serverless endpoints.')
    if spec.capture is None or not spec.capture.enabled:
        raise invalid(f'Data capture is not enabled for the endpoint "{endpoint.arn}"; it is needed to monitor it.')
    return spec.capture


def require_open(tags: Mapping[str, str], operation: str) -> None:
    """AWS does not document how a service refuses an account that it is closed to; other services that were closed
    answer with AccessDeniedException and a sentence of this kind."""
    if tags.get(SWITCH) == "closed":
        raise ApiError(
            "AccessDeniedException",
            f"{operation} is not allowed: Amazon SageMaker Model Monitor is not available to new customers.",
        )


def _application(application: Mapping[str, Any], where: str) -> None:
    if repository(application["ImageUri"]) != ANALYZER_IMAGE:
        raise invalid(
            f"{where}ImageUri is {application['ImageUri']}; the local cloud has the image {ANALYZER_IMAGE} alone"
        )
    for member in _OF_THE_IMAGE:
        if application.get(member):
            raise checks.not_implemented(f"{where}{member}", "the image's own entry point runs")
    checks.refuse(application, _SCRIPTS, where)


def _input(kind: Kind, given: Mapping[str, Any]) -> None:
    where = kind.member("JobInput.")
    checks.refuse(given, ("BatchTransformInput",), where)
    source = checks.require(given, "EndpointInput")
    where += "EndpointInput: "
    checks.refuse(source, ("FeaturesAttribute",), where)
    if source.get("S3InputMode", "File") == "Pipe":
        raise checks.not_implemented(f"{where}S3InputMode Pipe", "use File")
    checks.processing_path(source["LocalPath"], where)
    if kind is DATA_QUALITY:
        checks.refuse(source, ("InferenceAttribute", "ProbabilityAttribute"), where)
    else:
        checks.s3_uri(given["GroundTruthS3Input"].get("S3Uri", ""), kind.member("JobInput.GroundTruthS3Input.S3Uri"))


def _output(kind: Kind, request: Mapping[str, Any]) -> None:
    where = kind.member("JobOutputConfig: ")
    target = kind.output(request)
    checks.s3_uri(target["S3Uri"], f"{where}S3Uri")
    checks.processing_path(target["LocalPath"], where)


def _baseline(baseline: Mapping[str, Any], where: str) -> None:
    given = [name for name in ("ConstraintsResource", "StatisticsResource") if baseline.get(name, {}).get("S3Uri")]
    for name in given:
        checks.s3_uri(baseline[name]["S3Uri"], f"{where}{name}.S3Uri")
    if baseline.get("BaseliningJobName") and not given:
        raise checks.not_implemented(f"{where}BaseliningJobName alone", "name the files in ConstraintsResource")


def _problem(request: Mapping[str, Any]) -> None:
    problem = checks.require(request, "ModelQualityAppSpecification", "ProblemType")
    source = request["ModelQualityJobInput"]["EndpointInput"]
    inferred, probable = source.get("InferenceAttribute"), source.get("ProbabilityAttribute")
    if not inferred and not (problem == "BinaryClassification" and probable):
        also = " or ProbabilityAttribute" if problem == "BinaryClassification" else ""
        raise invalid(f"ModelQualityJobInput.EndpointInput: InferenceAttribute{also} is required for {problem}")
