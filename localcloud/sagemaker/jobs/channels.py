"""Input channels: from S3 into a container's directory, by SageMaker's rules for prefixes, manifests and shards."""

import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from localcloud.sagemaker.jobs.failures import JobFailure, download_failed
from localcloud.sagemaker.jobs.parallel import in_parallel
from localcloud.sagemaker.jobs.s3 import S3Error, S3Files, S3Object, explain, split_uri

DataType = Literal["S3Prefix", "ManifestFile"]


@dataclass(frozen=True)
class Source:
    """One input: what to fetch from where, to which container path."""

    uri: str
    local_path: str
    data_type: DataType = "S3Prefix"
    sharded: bool = False
    gzipped: bool = False


@dataclass(frozen=True)
class Fetch:
    """One object and the path it gets, relative to its source's directory."""

    item: S3Object
    name: str


class Downloader:
    """Raises JobFailure in SageMaker's words. `check` is called between objects, and may raise."""

    def __init__(self, files: S3Files, role_arn: str, region: str, check: Callable[[], None] = lambda: None) -> None:
        self._files = files
        self._role_arn = role_arn
        self._region = region
        self._check = check

    def fetch(self, source: Source, target: Path, index: int = 0, count: int = 1) -> None:
        """What host `index` of `count` gets of the source."""
        self._check()
        wanted = shard(self._find(source), index, count) if source.sharded else self._find(source)
        target.mkdir(parents=True, exist_ok=True)
        in_parallel(lambda one: self._download(one, target, source.gzipped), wanted)

    def fetch_file(self, uri: str, target: Path) -> None:
        """One object, by its whole key."""
        bucket, key = split_uri(uri)
        try:
            self._files.download(bucket, key, target)
        except S3Error as exc:
            raise download_failed(f"{uri}: {explain(exc)}") from exc

    def _find(self, source: Source) -> list[Fetch]:
        try:
            bucket, prefix = split_uri(source.uri)
            if source.data_type == "ManifestFile":
                return read_manifest(source.uri, self._files.read(bucket, prefix))
            found = self._files.list(bucket, prefix)
        except S3Error as exc:
            raise self._nothing(source.uri, f" Error message from S3: {explain(exc)}") from exc
        except ValueError as exc:
            raise download_failed(str(exc)) from exc
        if not found:
            raise self._nothing(source.uri, "")
        return [Fetch(item, relative_name(item.key, prefix)) for item in found]

    def _nothing(self, uri: str, told: str) -> JobFailure:
        bucket = uri.removeprefix("s3://").partition("/")[0]
        return download_failed(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket '
            f"exists in the selected region ({self._region}), that objects exist under that S3 prefix, and that the "
            f'role "{self._role_arn}" has "s3:ListBucket" permissions on bucket "{bucket}".{told}'
        )

    def _download(self, one: Fetch, target: Path, gzipped: bool) -> None:
        self._check()
        path = target / safe_name(one)
        try:
            self._files.download(one.item.bucket, one.item.key, path)
            if gzipped:
                _unzip(path)
        except S3Error as exc:
            raise download_failed(f"{one.item.uri}: {explain(exc)}") from exc
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as exc:
            raise download_failed(f"{one.item.uri} is a file and, by another key, a folder") from exc


def relative_name(key: str, prefix: str) -> str:
    """Where an object lies below its channel's directory.

    A prefix is a string, not a folder: `data/tr` finds `data/train.csv` (as train.csv) and `data/tr/a.csv` (as a.csv).
    """
    if key.startswith(f"{prefix}/"):
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]


def shard(found: Sequence[Fetch], index: int, count: int) -> list[Fetch]:
    """Host `index`'s part: whole objects, dealt out in turn by key."""
    return sorted(found, key=lambda one: one.item.key)[index::count]


def read_manifest(uri: str, body: bytes) -> list[Fetch]:
    """`[{"prefix": "s3://bucket/some/"}, "a.csv", "b/c.csv"]`"""
    try:
        document: Any = json.loads(body)
        base = document[0]["prefix"]
        names = [str(name) for name in document[1:]]
    except (ValueError, LookupError, TypeError) as exc:
        raise download_failed(
            f'the manifest {uri} must be a JSON array: {{"prefix": "s3://…"}} first, then the keys below it ({exc!r})'
        ) from exc
    fetches = []
    for name in names:
        bucket, key = split_uri(f"{base}{name}")
        fetches.append(Fetch(S3Object(bucket, key, 0), name))
    return fetches


def safe_name(one: Fetch) -> str:
    """The object's relative path; JobFailure for a key that SageMaker refuses as a path.

    A manifest's name is looked at by itself too: below a prefix without its slash, `/a` makes an innocent key.
    """
    segments = [*one.item.key.split("/"), *one.name.split("/")]
    if "" in segments or ".." in segments:
        part = "//" if "" in segments else ".."
        raise download_failed(f"S3 key: {one.item.uri} has an illegal char sub-sequence '{part}' in it")
    return one.name


def _unzip(path: Path) -> None:
    plain = path.with_suffix("") if path.suffix == ".gz" else path.with_name(f"{path.name}.plain")
    try:
        with gzip.open(path, "rb") as packed, plain.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
    except (gzip.BadGzipFile, EOFError) as exc:
        plain.unlink(missing_ok=True)
        raise download_failed(f"{path.name} is not gzip, but its CompressionType says so: {exc}") from exc
    path.unlink()
    if path.suffix != ".gz":
        plain.rename(path)
