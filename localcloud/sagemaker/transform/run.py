"""One transform job's life: its instances, which share its objects, and the status that this ends in."""

import logging
import queue
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from localcloud.api import ApiError
from localcloud.cloud import Cloud, Credentials
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.server import Place
from localcloud.sagemaker.hosting.variants import Server
from localcloud.sagemaker.jobs.failures import JobFailure, clip
from localcloud.sagemaker.jobs.records import JobRecords
from localcloud.sagemaker.jobs.s3 import S3Error, S3Files, S3Object, explain, split_uri
from localcloud.sagemaker.logs import LogShipper
from localcloud.sagemaker.transform.instances import Instance, RefusedRequest, Stopped
from localcloud.sagemaker.transform.objects import ObjectRun, clear
from localcloud.sagemaker.transform.plan import TransformPlan
from localcloud.sagemaker.transform.splitting import MIB

MakeServer = Callable[[ServedModel, Place], Server]

_log = logging.getLogger(__name__)

_DEFECT: Final = "InternalServerError: the local cloud failed; its log says where"
_LOG_CLOSE_SECONDS: Final = 5.0


class TransformRun:
    """`start` once; `stop` and `kill` from any thread. The record of the job exists."""

    def __init__(
        self, cloud: Cloud, name: str, plan: TransformPlan, model: ServedModel, records: JobRecords, make: MakeServer
    ) -> None:
        self._cloud = cloud
        self._name = name
        self._plan = plan
        self._model = model
        self._records = records
        self._make = make
        self._directory = cloud.state_dir / "transform-jobs" / name
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._instances: list[Instance] = []
        self._failures: list[str] = []
        self._objects: queue.SimpleQueue[S3Object] = queue.SimpleQueue()
        self._session: Credentials
        self._data_log = self._new_data_log()
        self._thread = threading.Thread(target=self._live, name=f"transform {name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._records.update(self._name, {self._records.kind.status: "Stopping"})
        self.kill()

    def kill(self) -> None:
        """End at once; requests under way get no answer."""
        self._stopping.set()
        with self._lock:
            instances = list(self._instances)
        for instance in instances:
            instance.abort()

    def join(self, timeout: float | None = None) -> None:
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _live(self) -> None:
        self._records.update(self._name, {"TransformStartTime": datetime.now(UTC)})
        status, reason = "Failed", _DEFECT
        try:
            status, reason = self._ending()
        except Exception:  # the thread's edge: nobody above would see it
            _log.exception("transform job %s broke", self._name)
        finally:
            self._clear_away()
            changes: dict[str, Any] = {self._records.kind.status: status, "TransformEndTime": datetime.now(UTC)}
            self._records.update(self._name, changes | ({"FailureReason": clip(reason)} if reason else {}))

    def _ending(self) -> tuple[str, str]:
        try:
            with suppress(Stopped):
                self._transform()
        except JobFailure as failure:
            self._failures.append(str(failure))
        except ApiError as error:
            self._failures.append(f"ClientError: {error.message}")
        if self._stopping.is_set():
            return "Stopped", ""
        return ("Failed", self._failures[0]) if self._failures else ("Completed", "")

    def _transform(self) -> None:
        self._session = self._cloud.assume_role(self._model.role_arn, f"SageMaker-{self._name}"[:64])
        files = S3Files(self._cloud.client("s3", self._session), self._plan.kms_key)
        found = self._found(files)
        for item in found:
            self._objects.put(item)
        self._tell_settings()
        # More instances than objects would have nothing to do, on AWS too.
        count = min(self._plan.instances, len(found))
        with ThreadPoolExecutor(count, "transform instance") as pool:
            for ended in [pool.submit(self._work, files) for _ in range(count)]:
                ended.result()

    def _found(self, files: S3Files) -> list[S3Object]:
        bucket, prefix = split_uri(self._plan.input_uri)
        try:
            found = files.list(bucket, prefix)
            told = ""
        except S3Error as error:
            found, told = [], f" Error message from S3: {explain(error)}"
        if not found:
            raise JobFailure(
                f'ClientError: No S3 objects found under S3 URL "{self._plan.input_uri}" given in input data source. '
                "Please ensure that the bucket exists in the selected region "
                f"({self._cloud.region}), that objects exist under that S3 prefix, and that the role "
                f'"{self._model.role_arn}" has "s3:ListBucket" permissions on bucket "{bucket}".{told}'
            )
        return found

    def _new_data_log(self) -> LogShipper:
        """SageMaker's own log of the job; nothing is written before the first line, and by then there is a session."""
        stream = f"{self._name}/i-{uuid.uuid4().hex[:17]}-{int(time.time())}/data-log"
        return LogShipper(lambda: self._cloud.client("logs", self._session), self._records.kind.log_group, stream)

    def _tell_settings(self) -> None:
        strategy = "SINGLE_RECORD" if self._plan.single else "MULTI_RECORD"
        self._tell(
            f"MaxConcurrentTransforms={self._plan.concurrency}, "
            f"MaxPayloadInMB={self._plan.payload_bytes // MIB}, BatchStrategy={strategy}"
        )

    def _work(self, files: S3Files) -> None:
        """One instance's life: it takes objects for as long as there are some."""
        instance = self._new_instance()
        instance.bring_up()
        run = ObjectRun(self._plan, files, instance.answer, self._stopping)
        directory = self._directory / f"{instance.name}-data"
        directory.mkdir(parents=True, exist_ok=True)
        while not self._stopping.is_set():
            try:
                item = self._objects.get_nowait()
            except queue.Empty:
                return
            self._run_object(run, item, directory)

    def _run_object(self, run: ObjectRun, item: S3Object, directory: Path) -> None:
        """The other objects go on when one fails; the job fails in the end."""
        where = f"{item.bucket}/{item.key}"
        try:
            run.run(item, directory)
        except Stopped:
            return
        except RefusedRequest as refused:
            if self._stopping.is_set():
                return
            for line in (f"{refused.kind}: {refused.status}", "Message:", *refused.told.splitlines()):
                self._tell(f"{where}: {line}")
            self._failures.append(refused.reason)
        except JobFailure as failure:
            self._tell(f"{where}: {failure}")
            self._failures.append(str(failure))
        finally:
            clear(directory)

    def _new_instance(self) -> Instance:
        name = f"i-{uuid.uuid4().hex[:17]}"
        place = Place(self._directory / name, self._name, "transform", name, self._records.kind.log_group)
        self._directory.mkdir(parents=True, exist_ok=True)
        server = self._make(self._model, place)
        instance = Instance(server, name, self._plan, self._cloud.time_scale, self._stopping)
        with self._lock:
            self._instances.append(instance)
        if self._stopping.is_set():
            raise Stopped
        return instance

    def _tell(self, message: str) -> None:
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
        self._data_log.put(f"{now}:[sagemaker logs]: {message}")

    def _clear_away(self) -> None:
        for instance in self._instances:
            instance.remove()
            shutil.rmtree(self._directory / f"{instance.name}-data", ignore_errors=True)
        self._data_log.close(_LOG_CLOSE_SECONDS)


def description(request: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """A new job's description."""
    now = datetime.now(UTC)
    held = {name: value for name, value in request.items() if name != "Tags"}
    return held | {
        "TransformJobArn": arn,
        "TransformJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
