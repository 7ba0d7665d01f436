"""Models: an image, an artifact and the role they run under."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from localcloud.api import Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.hosting.artifacts import S3Object
from localcloud.sagemaker.hosting.refusals import invalid, refuse_members
from localcloud.sagemaker.images import require_runnable
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.tags import TagStore

PROGRAM: Final = "SAGEMAKER_PROGRAM"
REFUSED: Final = ("InferenceExecutionConfig", "VpcConfig", "EnableNetworkIsolation")
REFUSED_IN_CONTAINER: Final = (
    "ImageConfig",
    "AdditionalModelDataSources",
    "InferenceSpecificationName",
)

PackageLookup = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class ServedModel:
    """What an instance needs to know of a model."""

    name: str
    image: str
    framework: str
    """"xgboost" or "scikit-learn"."""
    artifact: S3Object
    """Of a multi-model one the prefix below which its artifacts lie."""
    environment: Mapping[str, str]
    role_arn: str
    multi_model: bool = False
    """Every request names the artifact that is to answer it."""
    cached: bool = True
    """Of a multi-model one: whether an artifact stays loaded after its request."""


class Models:
    """`package` finds a model package by name or ARN, for containers given by ModelPackageName."""

    def __init__(self, cloud: Cloud, tags: TagStore, package: PackageLookup) -> None:
        self._cloud = cloud
        self._tags = tags
        self._package = package
        self._lock = threading.RLock()
        self._models: dict[str, Mapping[str, Any]] = {}
        self._served: dict[str, ServedModel] = {}

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateModel": self._create,
            "DescribeModel": self._describe,
            "ListModels": self._list,
            "DeleteModel": self._delete,
        }

    def arn(self, name: str) -> str:
        return arn(self._cloud, "model", name)

    def served(self, name: str) -> ServedModel:
        """The model as it runs; ValidationException when there is none of that name."""
        model = self._served.get(self.arn(name))
        if model is None:
            raise invalid(f'Could not find model "{self.arn(name)}".')
        return model

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        model_arn = self.arn(request["ModelName"])
        self._cloud.authorize(call.caller, "sagemaker:CreateModel", model_arn)
        self._tags.authorize(call.caller, model_arn, request.get("Tags", []))
        refuse_members(request, REFUSED)
        served = self._checked(call)
        with self._lock:
            if model_arn in self._models:
                raise invalid(f'Cannot create already existing model "{model_arn}".')
            recorded = {name: value for name, value in request.items() if name != "Tags"}
            self._models[model_arn] = recorded | {
                "ModelArn": model_arn,
                "CreationTime": datetime.now(UTC),
                "EnableNetworkIsolation": False,
            }
            self._served[model_arn] = served
        self._tags.register(model_arn, request.get("Tags", []))
        return {"ModelArn": model_arn}

    def _checked(self, call: Call) -> ServedModel:
        """The model that the request describes, after every check SageMaker makes before it accepts one."""
        role = call.input.get("ExecutionRoleArn")
        if role is None:
            raise invalid("ExecutionRoleArn is required: the role under which the model's container reads its artifact")
        passed_to = {"iam:PassedToService": "sagemaker.amazonaws.com"}
        self._cloud.authorize(call.caller, "iam:PassRole", role, passed_to)
        place, container = _only_container(call.input)
        served = _served_model(call.input["ModelName"], role, place, self._resolved(place, container))
        self._find_artifact(served)
        return served

    def _resolved(self, place: str, container: Mapping[str, Any]) -> dict[str, Any]:
        """The container, with a model package's own in the places that it leaves open."""
        name = container.get("ModelPackageName")
        if name is None:
            return dict(container)
        if container.get("Mode") == "MultiModel":
            raise invalid(f"{place}.Mode MultiModel takes Image and ModelDataUrl (an S3 prefix), not ModelPackageName")
        if "Image" in container or "ModelDataUrl" in container:
            raise invalid(f"{place} has both ModelPackageName and Image or ModelDataUrl; give one or the other")
        packaged = self._package(name)["InferenceSpecification"]["Containers"]
        if len(packaged) != 1:
            count = len(packaged)
            raise invalid(f"{name} has {count} containers; inference pipelines are not implemented by the local cloud")
        environment = packaged[0].get("Environment", {}) | container.get("Environment", {})
        return {**packaged[0], "Environment": environment}

    def _find_artifact(self, model: ServedModel) -> None:
        """SageMaker looks, as the role, before it accepts the model. Artifacts of a multi-model one may come later."""
        session = self._cloud.assume_role(model.role_arn, "SageMaker-CreateModel")
        if model.multi_model:
            return
        try:
            self._cloud.client("s3", session).head_object(Bucket=model.artifact.bucket, Key=model.artifact.key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
                raise invalid(f"Could not find model data at {model.artifact.url}.") from error
            raise invalid(
                f"Could not access model data at {model.artifact.url}. Please ensure that the role "
                f'"{model.role_arn}" has "s3:GetObject" permissions and that the object is located in '
                f"{self._cloud.region}. ({error})"
            ) from error

    def _describe(self, call: Call) -> dict[str, Any]:
        model_arn = self.arn(call.input["ModelName"])
        self._cloud.authorize(call.caller, "sagemaker:DescribeModel", model_arn)
        self.served(call.input["ModelName"])
        return dict(self._models[model_arn])

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, "sagemaker:ListModels", "*")
        with self._lock:
            models = [{**model, "LastModifiedTime": model["CreationTime"]} for model in self._models.values()]
        request = {"SortOrder": "Descending", **call.input}
        shown, token = page(select(models, request, "ModelName", "ModelArn"), request)
        names = ("ModelName", "ModelArn", "CreationTime")
        return {"Models": [{name: model[name] for name in names} for model in shown], "NextToken": token}

    def _delete(self, call: Call) -> dict[str, Any]:
        model_arn = self.arn(call.input["ModelName"])
        self._cloud.authorize(call.caller, "sagemaker:DeleteModel", model_arn)
        with self._lock:
            self.served(call.input["ModelName"])
            del self._models[model_arn], self._served[model_arn]
        self._tags.forget(model_arn)
        return {}


def _only_container(request: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The request's one container and its place in the request."""
    containers = request.get("Containers", [])
    if "PrimaryContainer" in request and containers:
        raise invalid("Both PrimaryContainer and Containers are given; give one or the other")
    if len(containers) > 1:
        raise invalid("Containers has more than one member; inference pipelines are not implemented by the local cloud")
    if containers:
        return "Containers[0]", containers[0]
    if "PrimaryContainer" not in request:
        raise invalid("No container is given: PrimaryContainer or Containers with one member is required")
    return "PrimaryContainer", request["PrimaryContainer"]


def _served_model(name: str, role: str, place: str, container: Mapping[str, Any]) -> ServedModel:
    refuse_members(container, REFUSED_IN_CONTAINER, f"{place}.")
    several = container.get("Mode") == "MultiModel"
    if "MultiModelConfig" in container and not several:
        raise invalid(f"{place}.MultiModelConfig can be given only with Mode MultiModel")
    if "Image" not in container:
        raise invalid(f"{place}.Image is required when no ModelPackageName is given")
    repository = require_runnable(container["Image"], f"{place}.Image")
    environment = container.get("Environment", {})
    if not environment.get(PROGRAM):
        raise invalid(
            f"{place}.Environment has no {PROGRAM}; the local cloud runs framework images in script mode only. "
            f"Set {PROGRAM} to the inference script and SAGEMAKER_SUBMIT_DIRECTORY to where it lies."
        )
    return ServedModel(
        name,
        container["Image"],
        repository.removeprefix("sagemaker-"),
        _prefix(place, container) if several else _artifact(place, container),
        environment,
        role,
        multi_model=several,
        cached=container.get("MultiModelConfig", {}).get("ModelCacheSetting") != "Disabled",
    )


def _prefix(place: str, container: Mapping[str, Any]) -> S3Object:
    refuse_members(container, ["ModelDataSource"], f"{place}.")
    if "ModelDataUrl" not in container:
        raise invalid(f"{place}.ModelDataUrl is required: the S3 prefix below which the models' tar.gz files lie")
    return S3Object.parse(container["ModelDataUrl"], f"{place}.ModelDataUrl")


def _artifact(place: str, container: Mapping[str, Any]) -> S3Object:
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is None:
        if "ModelDataUrl" not in container:
            raise invalid(f"{place}.ModelDataUrl is required: the S3 URL of the model's model.tar.gz")
        return S3Object.parse(container["ModelDataUrl"], f"{place}.ModelDataUrl")
    if source["CompressionType"] != "Gzip" or source["S3DataType"] != "S3Object":
        readable = "CompressionType Gzip with S3DataType S3Object"
        raise invalid(f"{place}.ModelDataSource: the local cloud reads {readable} only")
    return S3Object.parse(source["S3Uri"], f"{place}.ModelDataSource.S3DataSource.S3Uri")
