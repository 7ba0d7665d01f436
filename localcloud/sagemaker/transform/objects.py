"""One object of a transform job: fetched, split, answered in order, written to its `.out`."""

import gzip
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from localcloud.sagemaker.jobs.channels import relative_name
from localcloud.sagemaker.jobs.failures import JobFailure
from localcloud.sagemaker.jobs.s3 import S3Error, S3Files, S3Object, explain, split_uri
from localcloud.sagemaker.transform.instances import Stopped
from localcloud.sagemaker.transform.plan import TransformPlan
from localcloud.sagemaker.transform.records import RecordError
from localcloud.sagemaker.transform.splitting import MiniBatch, TooLarge, lines, mini_batches, whole

Answer = Callable[[bytes], bytes]


@dataclass(frozen=True)
class ObjectRun:
    """`answer` asks an instance. `run` raises JobFailure, what `answer` raises, or Stopped."""

    plan: TransformPlan
    files: S3Files
    answer: Answer
    stopping: threading.Event

    def run(self, item: S3Object, directory: Path) -> None:
        """Nothing is uploaded of an object with a record that was not answered."""
        source, target = directory / "input", directory / "output"
        self._download(item, source)
        try:
            with target.open("wb") as output:
                for record in self._records(source):
                    output.write(record)
        except (RecordError, TooLarge) as error:
            raise JobFailure(f"ClientError: {item.bucket}/{item.key}: {error}") from error
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            told = f"it is not gzip, but CompressionType says so: {error}"
            raise JobFailure(f"ClientError: {item.bucket}/{item.key}: {told}") from error
        self._upload(target, item)

    def _download(self, item: S3Object, source: Path) -> None:
        try:
            self.files.download(item.bucket, item.key, source)
        except S3Error as error:
            raise JobFailure(f"ClientError: Failed to download {item.uri}: {explain(error)}") from error

    def _upload(self, output: Path, item: S3Object) -> None:
        bucket, prefix = split_uri(self.plan.output_uri)
        _, searched = split_uri(self.plan.input_uri)
        key = f"{prefix.rstrip('/')}/{relative_name(item.key, searched.rstrip('/'))}.out".lstrip("/")
        try:
            self.files.upload(output, bucket, key)
        except S3Error as error:
            raise JobFailure(f"ClientError: Failed to upload s3://{bucket}/{key}: {explain(error)}") from error

    def _records(self, source: Path) -> Iterator[bytes]:
        """The output, in the input's order, with as many requests under way as the plan allows."""
        pool = ThreadPoolExecutor(self.plan.concurrency, "transform")
        waiting: deque[tuple[MiniBatch, int, Future[bytes]]] = deque()
        number = 1
        try:
            for batch in self._batches(source):
                if len(waiting) >= self.plan.concurrency:
                    yield from self._assembled(*waiting.popleft())
                waiting.append((batch, number, pool.submit(self._ask, batch, number)))
                number += len(batch.records)
            while waiting:
                yield from self._assembled(*waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)

    def _batches(self, source: Path) -> Iterator[MiniBatch]:
        with self._opened(source) as file:
            limit = self.plan.payload_bytes
            if not self.plan.by_line:
                yield whole(file.read(limit + 1), limit)
                return
            # No more of a line is read than shows that it is too long.
            pieces = iter(lambda: file.readline(limit + 3), b"")
            yield from mini_batches(lines(pieces), limit, single=self.plan.single)

    def _opened(self, source: Path) -> IO[bytes]:
        if self.plan.gzipped:
            return gzip.open(source, "rb")  # type: ignore[return-value]  # a GzipFile reads like any file
        return source.open("rb")

    def _ask(self, batch: MiniBatch, number: int) -> bytes:
        if self.stopping.is_set():
            raise Stopped
        processing = self.plan.processing
        records = [processing.request(record, number + at) for at, record in enumerate(batch.records)]
        return self.answer(b"\n".join(records))

    def _assembled(self, batch: MiniBatch, number: int, answer: "Future[bytes]") -> Iterator[bytes]:
        processing = self.plan.processing
        for record in processing.answers(batch.records, answer.result(), number, lines=self.plan.by_line):
            yield record
            # AssembleWith None sets records side by side: the trap is AWS's own.
            if self.plan.assemble_lines and not record.endswith(b"\n"):
                yield b"\n"


def clear(directory: Path) -> None:
    for name in ("input", "output"):
        with suppress(FileNotFoundError):
            (directory / name).unlink()
