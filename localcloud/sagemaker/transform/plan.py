"""CreateTransformJob's request, checked, as the values that the job runs by."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.sagemaker.jobs.checks import invalid, not_implemented, refuse, s3_uri
from localcloud.sagemaker.transform.paths import Path, PathError, parse
from localcloud.sagemaker.transform.records import DataProcessing, Format
from localcloud.sagemaker.transform.splitting import MIB

_MAX_PAYLOAD_MB: Final = 100
_DEFAULT_PAYLOAD_MB: Final = 6
_DEFAULT_TIMEOUT_SECONDS: Final = 600
_DEFAULT_RETRIES: Final = 3
_FORMATS: Final[Mapping[str, Format]] = {
    "text/csv": "csv",
    "application/json": "json",
    "application/jsonlines": "json",
    "application/x-jsonlines": "json",
}


@dataclass(frozen=True)
class TransformPlan:
    """`concurrency` is per instance."""

    model: str
    input_uri: str
    gzipped: bool
    by_line: bool
    single: bool
    content_type: str
    accept: str
    output_uri: str
    kms_key: str | None
    assemble_lines: bool
    processing: DataProcessing
    payload_bytes: int
    concurrency: int
    instances: int
    timeout_seconds: float
    retries: int
    environment: Mapping[str, str]


def read_plan(request: Mapping[str, Any]) -> TransformPlan:
    """ValidationException for what SageMaker, or the local cloud, refuses at CreateTransformJob."""
    refuse(request, ("DataCaptureConfig",))
    source, target = request["TransformInput"], request["TransformOutput"]
    split, strategy = source.get("SplitType", "None"), request.get("BatchStrategy")
    if split not in ("None", "Line"):
        raise not_implemented(f"TransformInput.SplitType {split}", "use Line or None")
    if strategy == "SingleRecord" and split == "None":
        raise invalid(
            "BatchStrategy SingleRecord needs TransformInput.SplitType Line: without it an object is a record"
        )
    payload, concurrency = _limits(request)
    client = request.get("ModelClientConfig", {})
    s3_uri(target["S3OutputPath"], "TransformOutput.S3OutputPath")
    return TransformPlan(
        model=request["ModelName"],
        input_uri=_input_uri(source["DataSource"]["S3DataSource"]),
        gzipped=source.get("CompressionType") == "Gzip",
        by_line=split == "Line",
        single=strategy == "SingleRecord",
        content_type=source.get("ContentType", ""),
        accept=target.get("Accept", ""),
        output_uri=target["S3OutputPath"],
        kms_key=target.get("KmsKeyId") or None,
        assemble_lines=target.get("AssembleWith") == "Line",
        processing=_processing(request, split),
        payload_bytes=payload * MIB,
        concurrency=concurrency,
        instances=request["TransformResources"]["InstanceCount"],
        timeout_seconds=float(client.get("InvocationsTimeoutInSeconds", _DEFAULT_TIMEOUT_SECONDS)),
        retries=client.get("InvocationsMaxRetries", _DEFAULT_RETRIES),
        environment=request.get("Environment", {}),
    )


def _input_uri(source: Mapping[str, Any]) -> str:
    if source["S3DataType"] != "S3Prefix":
        raise not_implemented(
            f"TransformInput.DataSource.S3DataSource.S3DataType {source['S3DataType']}", "use S3Prefix"
        )
    s3_uri(source["S3Uri"], "TransformInput.DataSource.S3DataSource.S3Uri")
    uri: str = source["S3Uri"]
    return uri


def _limits(request: Mapping[str, Any]) -> tuple[int, int]:
    """MaxPayloadInMB and MaxConcurrentTransforms. Frameworks' containers have no execution parameters: AWS takes 1."""
    payload = request.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)
    concurrency = request.get("MaxConcurrentTransforms") or 1
    if payload == 0:
        raise not_implemented("MaxPayloadInMB 0 (chunked requests)", "set it to what the largest record needs")
    if payload > _MAX_PAYLOAD_MB:
        raise invalid(f"MaxPayloadInMB is {payload}; it cannot be greater than {_MAX_PAYLOAD_MB}")
    if payload * concurrency > _MAX_PAYLOAD_MB:
        raise invalid(
            f"MaxConcurrentTransforms * MaxPayloadInMB is {payload * concurrency}; at most {_MAX_PAYLOAD_MB} is allowed"
        )
    return payload, concurrency


def _processing(request: Mapping[str, Any], split: str) -> DataProcessing:
    asked = request.get("DataProcessing", {})
    paths = {name: _path(asked.get(name, "$"), name) for name in ("InputFilter", "OutputFilter")}
    join = asked.get("JoinSource", "None") == "Input"
    kind: Format | None = None
    if join or not all(path.whole for path in paths.values()):
        kind = _format(request["TransformInput"].get("ContentType", ""), "TransformInput.ContentType")
        _check_formats(request, kind, split, join=join)
    if kind == "csv" and any(path.by_name for path in paths.values()):
        raise invalid("DataProcessing: a CSV row is an array; its filters take indexes ($[0], $[1:]), not names")
    return DataProcessing(kind, join, paths["InputFilter"], paths["OutputFilter"])


def _check_formats(request: Mapping[str, Any], kind: Format, split: str, *, join: bool) -> None:
    accept = request["TransformOutput"].get("Accept", "")
    if accept and _format(accept, "TransformOutput.Accept") != kind:
        raise invalid(f"DataProcessing: TransformOutput.Accept is {accept}; it must be of the format of the input")
    assembled = request["TransformOutput"].get("AssembleWith", "None")
    if kind == "csv" and split != "Line":
        raise invalid("DataProcessing of CSV needs TransformInput.SplitType Line: a row is a record")
    if join and assembled != split:
        raise invalid(
            "DataProcessing.JoinSource Input needs the same TransformInput.SplitType and TransformOutput.AssembleWith; "
            f"they are {split} and {assembled}"
        )


def _format(content_type: str, field: str) -> Format:
    plain = re.split(r"[;\s]", content_type, maxsplit=1)[0].lower()
    if plain not in _FORMATS:
        raise invalid(f"DataProcessing works on {', '.join(_FORMATS)} only; {field} is {content_type or 'not given'}")
    return _FORMATS[plain]


def _path(text: str, member: str) -> Path:
    try:
        return parse(text)
    except PathError as error:
        raise invalid(f"DataProcessing.{member}: {error}") from error
