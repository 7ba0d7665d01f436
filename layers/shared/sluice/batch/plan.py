"""The plan of one file's scoring: everything that its transform job needs, worked out once."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sluice.definition import Model
from sluice.naming import ModelPrefix, batch_name, new_batch_id
from sluice.plan import Upload
from sluice.rollout import PackageRef
from sluice.uploads.errors import UnusableUploadError

_LONGEST_VALUE = 10_240
"""Characters. SageMaker API Reference, CreateTransformJob, Environment."""
_MEGABYTE = 1_000_000
"""The smaller one that "MB" may mean: what is within it is within SageMaker's."""


@dataclass(frozen=True)
class BatchNames:
    """What is known of a batch before anything is read; the same for the same execution, however often asked."""

    model: str
    batch_id: str
    name: str
    """Of the transform job and of its model."""

    @classmethod
    def of(cls, stage: str, model: str, uploaded_at: datetime, execution_arn: str) -> "BatchNames":
        batch_id = new_batch_id(uploaded_at, model, execution_arn)
        return cls(model, batch_id, batch_name(stage, batch_id))

    @property
    def prefix(self) -> str:
        return ModelPrefix(self.model).batch_job(self.batch_id)

    @property
    def parts(self) -> str:
        """The prefix of what the job reads."""
        return f"{self.prefix}in/"

    @property
    def answers(self) -> str:
        return f"{self.prefix}out/"

    @property
    def plan(self) -> str:
        """The key of the plan's own copy, for whoever cleans up."""
        return f"{self.prefix}plan.json"


@dataclass(frozen=True)
class BatchPlan:
    """`columns` is JSON, as the container reads it; `rows` without the header."""

    batch_id: str
    model: str
    version: int
    package_arn: str
    name: str
    role_arn: str
    key: str
    data_version: str
    order: str
    rows: int
    parts: int
    columns: str
    input_uri: str
    output_uri: str
    instance_type: str
    instance_count: int
    max_concurrent: int
    max_payload_mb: int
    max_run_seconds: int
    kms_key_arn: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def result_key(self) -> str:
        """`models/<name>/batch/out/<file>`: the upload's name, packed as it was."""
        prefix = ModelPrefix(self.model)
        return f"{prefix.batch_out}{self.key.removeprefix(prefix.batch_in)}"

    @property
    def is_packed(self) -> bool:
        return self.key.lower().endswith(".gz")


@dataclass(frozen=True)
class PreparedFile:
    """What lies under the job's own prefix."""

    columns: Sequence[str]
    rows: int
    parts: int


def part_name(number: int) -> str:
    """In the order of the file's rows."""
    return f"part-{number:05d}.csv"


def longest_line(definition: Model) -> int:
    """Bytes that SageMaker sends in one request."""
    return definition.batch.max_payload_mb * _MEGABYTE


def part_bytes(definition: Model, size: int) -> int | None:
    """After how many bytes a new part begins; None: one part, because an instance takes whole objects.

    size: of the upload. Of a packed file it is less than what comes out, so there are more parts than instances.
    """
    instances = definition.batch.instance_count
    return None if instances == 1 else max(1, -(-size // instances))


def declared(columns: Sequence[str]) -> str:
    """The columns as the container reads them. Raises UnusableUploadError: too many for SageMaker."""
    text = json.dumps(list(columns), separators=(",", ":"))
    if len(text) > _LONGEST_VALUE:
        raise UnusableUploadError(
            f"the names of the {len(columns):,} columns take {len(text):,} characters, and SageMaker hands "
            f"{_LONGEST_VALUE:,} to a container: take out columns that are no features, or shorten their names"
        )
    return text


def plan_batch(
    names: BatchNames,
    definition: Model,
    package: PackageRef,
    upload: Upload,
    prepared: PreparedFile,
    role_arn: str,
    kms_key_arn: str | None,
) -> BatchPlan:
    batch = definition.batch
    return BatchPlan(
        batch_id=names.batch_id,
        model=names.model,
        version=package.version,
        package_arn=package.arn,
        name=names.name,
        role_arn=role_arn,
        key=upload.key,
        data_version=upload.data_version,
        order=upload.order,
        rows=prepared.rows,
        parts=prepared.parts,
        columns=declared(prepared.columns),
        input_uri=f"s3://{upload.bucket}/{names.parts}",
        output_uri=f"s3://{upload.bucket}/{names.answers}",
        instance_type=batch.instance_type,
        instance_count=min(batch.instance_count, prepared.parts),
        max_concurrent=batch.max_concurrent,
        max_payload_mb=batch.max_payload_mb,
        max_run_seconds=batch.max_run_seconds,
        kms_key_arn=kms_key_arn,
    )
