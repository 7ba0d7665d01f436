"""What a training job leaves: its model and output directories, tarred (or not) to S3, and its checkpoints."""

import tarfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from localcloud.sagemaker.jobs.failures import upload_failed
from localcloud.sagemaker.jobs.s3 import S3Error, S3Files, explain, files_below, split_uri

# The artifact goes to a disk beside this one: fast beats small.
_COMPRESSION_LEVEL: Final = 1

Uploaded = dict[Path, tuple[int, int]]


class Artifacts:
    """Uploads below `<S3OutputPath>/<job>/output/`. Raises JobFailure in SageMaker's words."""

    def __init__(self, files: S3Files, output: Mapping[str, Any], job_name: str) -> None:
        self._files = files
        self._base = _base(output, job_name)
        self._compressed = _compressed(output)

    def upload(self, kind: str, directories: Sequence[Path], scratch: Path) -> None:
        """`kind` is model or output. Several hosts' directories become one; of two files of one name the first stays.

        Nothing is uploaded when there is nothing in them.
        """
        found = merge(directories)
        if not found:
            return
        try:
            if self._compressed:
                archive = pack(found, scratch / f"{kind}.tar.gz")
                self._files.upload(archive, *split_uri(f"{self._base}/{kind}.tar.gz"))
            else:
                self._upload_loose(kind, found)
        except S3Error as exc:
            raise upload_failed(f"{self._base}: {explain(exc)}") from exc

    def _upload_loose(self, kind: str, found: Mapping[str, Path]) -> None:
        bucket, prefix = split_uri(f"{self._base}/{kind}/")
        for name, path in found.items():
            self._files.upload(path, bucket, prefix + name)


def model_uri(output: Mapping[str, Any], job_name: str) -> str:
    """S3ModelArtifacts. `output` is the job's OutputDataConfig."""
    return f"{_base(output, job_name)}/model{'.tar.gz' if _compressed(output) else '/'}"


def merge(directories: Sequence[Path]) -> dict[str, Path]:
    """Relative name to file."""
    found: dict[str, Path] = {}
    for directory in directories:
        for path in files_below(directory):
            found.setdefault(path.relative_to(directory).as_posix(), path)
    return found


def pack(found: Mapping[str, Path], archive: Path) -> Path:
    with tarfile.open(archive, "w:gz", compresslevel=_COMPRESSION_LEVEL) as tar:
        for name, path in found.items():
            tar.add(path, arcname=name, recursive=False)
    return archive


class Checkpoints:
    """Keeps an S3 prefix like its checkpoint directory while the job runs: what is new, changed or deleted there.

    Source: SageMaker Developer Guide, "Use checkpoints": what the container deletes is also deleted in S3.
    """

    def __init__(self, files: S3Files, uri: str, directory: Path, every_seconds: float) -> None:
        self._files = files
        self._bucket, prefix = split_uri(uri)
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""
        self._directory = directory
        self._every = every_seconds
        self._done: Uploaded = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="checkpoints", daemon=True)

    def restore(self) -> None:
        """What an earlier run left under the prefix; S3Error when it cannot be read."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for item in self._files.list(self._bucket, self._prefix):
            target = self._directory / item.key.removeprefix(self._prefix)
            self._files.download(self._bucket, item.key, target)
            self._done[target] = _mark(target)

    def start(self) -> None:
        self._thread.start()

    def release(self) -> None:
        """Upload no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def finish(self) -> None:
        """The last state, uploaded; raises JobFailure when S3 refuses it."""
        self.release()
        try:
            self._sync()
        except S3Error as exc:
            raise upload_failed(f"checkpoints to s3://{self._bucket}/{self._prefix}: {explain(exc)}") from exc

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self._sync()
            except (*S3Error, FileNotFoundError):
                # A script may delete what is being uploaded. The next round tries again, and `finish` reports.
                continue

    def _sync(self) -> None:
        found = set(files_below(self._directory))
        for path in sorted(found):
            mark = _mark(path)
            if self._done.get(path) != mark:
                self._files.upload(path, self._bucket, self._key(path))
                self._done[path] = mark
        for path in sorted(self._done.keys() - found):
            self._files.delete(self._bucket, self._key(path))
            del self._done[path]

    def _key(self, path: Path) -> str:
        return self._prefix + path.relative_to(self._directory).as_posix()


def _base(output: Mapping[str, Any], job_name: str) -> str:
    return f"{output['S3OutputPath'].rstrip('/')}/{job_name}/output"


def _compressed(output: Mapping[str, Any]) -> bool:
    return bool(output.get("CompressionType", "GZIP") == "GZIP")


def _mark(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
