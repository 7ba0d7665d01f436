"""S3 as a job sees it: a real client that signs as the job's role, so that what the role lacks fails here too."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.sagemaker.jobs.parallel import in_parallel

_CHUNK: Final = 1 << 20
_ONE_REQUEST: Final = 64 << 20

S3Error = (ClientError, BotoCoreError)


@dataclass(frozen=True)
class S3Object:
    bucket: str
    key: str
    size: int

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key (or prefix, perhaps empty)."""
    parts = urlsplit(uri, allow_fragments=False)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError(f"{uri} is no s3:// address")
    return parts.netloc, uri.partition(parts.netloc)[2].removeprefix("/")


def explain(error: BaseException) -> str:
    """One line: S3's own code and message where it has answered."""
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        return f"{told.get('Code', 'Unknown')}: {told.get('Message', '')}"
    return str(error)


class S3Files:
    """`kms_key` encrypts what is uploaded. Errors are those of S3Error."""

    def __init__(self, client: Any, kms_key: str | None = None) -> None:
        self._client = client
        self._encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}

    def list(self, bucket: str, prefix: str) -> list[S3Object]:
        """Everything under the prefix but folder markers, by key."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = (item for page in pages for item in page.get("Contents", ()))
        return [S3Object(bucket, item["Key"], item["Size"]) for item in found if not item["Key"].endswith("/")]

    def read(self, bucket: str, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def download(self, bucket: str, key: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
        with target.open("wb") as file:
            shutil.copyfileobj(body, file, _CHUNK)

    def upload(self, file: Path, bucket: str, key: str) -> None:
        if file.stat().st_size > _ONE_REQUEST:
            self._client.upload_file(str(file), bucket, key, ExtraArgs=self._encryption)
            return
        with file.open("rb") as body:
            self._client.put_object(Bucket=bucket, Key=key, Body=body, **self._encryption)

    def delete(self, bucket: str, key: str) -> None:
        self._client.delete_object(Bucket=bucket, Key=key)

    def upload_directory(self, directory: Path, uri: str) -> None:
        """Every file below `directory` to the same relative key below `uri`."""
        bucket, prefix = split_uri(uri)
        base = f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""
        files = list(files_below(directory))
        in_parallel(lambda file: self.upload(file, bucket, base + file.relative_to(directory).as_posix()), files)


def files_below(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.rglob("*")) if path.is_file())
