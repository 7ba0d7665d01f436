"""Hours of captures and of ground truth, as they lie in S3."""

from collections.abc import Collection
from dataclasses import dataclass

from localcloud.sagemaker.jobs.s3 import S3Files, split_uri
from localcloud.sagemaker.monitoring.window import Window


@dataclass(frozen=True)
class Folder:
    """`path` is the folder's below the place that was searched; `uri` the whole."""

    uri: str
    path: str


def of_endpoint(
    files: S3Files, base: str, endpoint: str, window: Window, passed_over: Collection[str] = ()
) -> list[Folder]:
    """Every variant's hours of the window that hold something, but for the variants passed over.

    A variant that has left the endpoint since is still what answered then. Raises S3Error.
    """
    bucket, prefix = split_uri(base.rstrip("/"))
    hours = set(window.hours())
    found = set()
    for item in files.list(bucket, _below(prefix, f"{endpoint}/")):
        variant, _, rest = item.key.removeprefix(_below(prefix, f"{endpoint}/")).partition("/")
        hour, _, name = rest[:13], rest[13:14], rest[14:]
        if name and hour in hours and variant not in passed_over:
            found.add(f"{endpoint}/{variant}/{hour}")
    return [Folder(f"{base.rstrip('/')}/{path}", path) for path in sorted(found)]


def of_ground_truth(files: S3Files, base: str, window: Window) -> list[Folder]:
    bucket, prefix = split_uri(base.rstrip("/"))
    hours = [hour for hour in window.hours() if files.list(bucket, _below(prefix, f"{hour}/"))]
    return [Folder(f"{base.rstrip('/')}/{hour}", hour) for hour in hours]


def _below(prefix: str, path: str) -> str:
    return f"{prefix}/{path}" if prefix else path
