"""What SageMaker checks of a job's request beyond its shape, and what the local cloud refuses rather than ignores."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from localcloud.api import ApiError

_PROCESSING_ROOT: Final = "/opt/ml/processing"


def invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def not_implemented(field: str, instead: str = "") -> ApiError:
    return invalid(f"{field} is not implemented by the local cloud{f'; {instead}' if instead else ''}")


def require(request: Mapping[str, Any], *path: str) -> Any:
    """The member at `path`; ValidationException when it is absent."""
    value: Any = request
    for depth, member in enumerate(path, 1):
        if member not in value:
            raise invalid(f"{'.'.join(path[:depth])} is required")
        value = value[member]
    return value


def refuse(request: Mapping[str, Any], members: Iterable[str], where: str = "") -> None:
    for member in members:
        if request.get(member):
            raise not_implemented(f"{where}{member}")


def unique(names: Sequence[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"{what} must be unique, but {name} stands there {names.count(name)} times")


def s3_uri(uri: str, field: str) -> None:
    if not uri.startswith("s3://") or not uri[5:].partition("/")[0]:
        raise invalid(f"{field} is {uri}; it must be an s3:// address")


def stopping_condition(request: Mapping[str, Any]) -> None:
    """Spot training and its waiting time; warm pools exclude spot."""
    condition = request.get("StoppingCondition", {})
    wait, runtime = condition.get("MaxWaitTimeInSeconds"), condition.get("MaxRuntimeInSeconds", 86_400)
    if not request.get("EnableManagedSpotTraining"):
        if wait is not None:
            raise invalid("Invalid MaxWaitTimeInSeconds. It is supported only when EnableManagedSpotTraining is true")
        return
    if wait is None or wait < runtime:
        raise invalid(
            f"Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds "
            f"({runtime}); it is {'absent' if wait is None else wait}"
        )
    if request.get("ResourceConfig", {}).get("KeepAlivePeriodInSeconds"):
        raise invalid("KeepAlivePeriodInSeconds is not supported when EnableManagedSpotTraining is true")


def channel(one: Mapping[str, Any], default_mode: str) -> None:
    where = f"InputDataConfig channel {one['ChannelName']}: "
    source = one["DataSource"]
    if "S3DataSource" not in source:
        raise not_implemented(f"{where}{next(iter(source), 'an empty DataSource')}", "use S3DataSource")
    refuse(one, ("ShuffleConfig",), where)
    refuse(
        source["S3DataSource"], ("AttributeNames", "InstanceGroupNames", "ModelAccessConfig", "HubAccessConfig"), where
    )
    if one.get("RecordWrapperType", "None") != "None":
        raise not_implemented(f"{where}RecordWrapperType {one['RecordWrapperType']}")
    _data_type(source["S3DataSource"], where)
    _input_mode(one.get("InputMode", default_mode), where)
    s3_uri(source["S3DataSource"]["S3Uri"], f"{where}S3Uri")


def processing_input(one: Mapping[str, Any]) -> None:
    where = f"ProcessingInputs {one['InputName']}: "
    refuse(one, ("DatasetDefinition", "AppManaged"), where)
    if "S3Input" not in one:
        raise invalid(f"{where}S3Input is required")
    source = one["S3Input"]
    _data_type(source, where)
    _input_mode(source.get("S3InputMode", "File"), where)
    s3_uri(source["S3Uri"], f"{where}S3Uri")
    processing_path(source.get("LocalPath"), where)


def processing_output(one: Mapping[str, Any]) -> None:
    where = f"ProcessingOutputConfig {one['OutputName']}: "
    refuse(one, ("FeatureStoreOutput", "AppManaged"), where)
    if "S3Output" not in one:
        raise invalid(f"{where}S3Output is required")
    target = one["S3Output"]
    if target["S3UploadMode"] != "EndOfJob":
        raise not_implemented(f"{where}S3UploadMode {target['S3UploadMode']}", "use EndOfJob")
    s3_uri(target["S3Uri"], f"{where}S3Uri")
    processing_path(target.get("LocalPath"), where)


def _data_type(source: Mapping[str, Any], where: str) -> None:
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        raise not_implemented(f"{where}S3DataType {source['S3DataType']}", "use S3Prefix or ManifestFile")


def _input_mode(mode: str, where: str) -> None:
    # FastFile differs from File in when the bytes come, not in what the script sees.
    if mode == "Pipe":
        raise not_implemented(f"{where}input mode Pipe", "use File or FastFile")


def processing_path(path: str | None, where: str) -> None:
    if not path:
        raise invalid(f"{where}LocalPath is required")
    if ".." in path.split("/") or not f"{path}/".startswith(f"{_PROCESSING_ROOT}/"):
        raise invalid(f"{where}LocalPath is {path}; it must begin with {_PROCESSING_ROOT}/")
