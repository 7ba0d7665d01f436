"""Puts training code where jobs find it: `code/<sha256>/`, never overwritten by other code."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from functions.publish_code.training_code import CONTENT_TYPES, TrainingCode
from sluice.aws.code_store import SOURCE_ARCHIVE, code_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class PublishCode:
    client: "S3Client"
    bucket: str

    def publish(self, code: TrainingCode) -> dict[str, str]:
        """Write the archive and the single files; answers the custom resource's attributes."""
        prefix = code_prefix(code.sha256)
        for name, body in code.files.items():
            self._put(f"{prefix}processing/{name}", body, CONTENT_TYPES[PurePosixPath(name).suffix])
        self._put(f"{prefix}{SOURCE_ARCHIVE}", code.archive(), "application/gzip")
        return {"Sha256": code.sha256, "Prefix": f"s3://{self.bucket}/{prefix}"}

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)
