"""A model's files: fetched from S3 as the model's own role, unpacked without trusting the archive."""

import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlparse

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.sagemaker.hosting.refusals import invalid

_CHUNK: Final = 1 << 20


class DeploymentFailed(Exception):
    """A variant did not come up; the message is the endpoint's FailureReason."""


class ArtifactMissing(DeploymentFailed):
    """The artifact is not there, or the model's role may not read it."""


@dataclass(frozen=True)
class S3Object:
    bucket: str
    key: str

    @classmethod
    def parse(cls, url: str, field: str) -> "S3Object":
        parts = urlparse(url)
        if parts.scheme != "s3" or not parts.netloc or not parts.path.strip("/"):
            raise invalid(f"{field} is '{url}'; it must be the S3 URL of an object, s3://bucket/key")
        return cls(parts.netloc, parts.path.lstrip("/"))

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def unpack(s3: Any, source: S3Object, directory: Path) -> None:
    """Fetch a tar.gz and extract it into `directory`; DeploymentFailed in SageMaker's words."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory.parent, suffix=".tar.gz") as archive:
        try:
            # One request. boto3's own download asks for the size first and starts threads: 60 ms on a cold start.
            shutil.copyfileobj(s3.get_object(Bucket=source.bucket, Key=source.key)["Body"], archive, _CHUNK)
        except (ClientError, BotoCoreError, OSError) as error:
            raise ArtifactMissing(
                f'Failed to download model data for container "container_1" from URL: "{source.url}". Please ensure '
                "that there is an object located at the URL and that the role passed to CreateModel has permissions "
                f"to download the object. ({error})"
            ) from error
        archive.flush()
        _extract(Path(archive.name), source, directory)


def _extract(archive: Path, source: S3Object, directory: Path) -> None:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(directory, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise DeploymentFailed(
            f'Failed to extract model data archive for container "container_1" from URL "{source.url}". Please ensure '
            f"that the object located at the URL is a valid tar.gz archive. ({error})"
        ) from error
