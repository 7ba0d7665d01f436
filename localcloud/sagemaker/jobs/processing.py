"""Processing jobs: what their requests must hold, and what one does with its entry point."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from localcloud.cloud import Cloud, Credentials
from localcloud.sagemaker.images import require_runnable
from localcloud.sagemaker.jobs import checks
from localcloud.sagemaker.jobs.bytecode import supply
from localcloud.sagemaker.jobs.channels import Downloader, Source
from localcloud.sagemaker.jobs.container import CONTAINER_ROOT, base_environment, with_variables
from localcloud.sagemaker.jobs.failures import (
    MAX_REASON,
    algorithm_error,
    first_told,
    last_error,
    message_file,
    upload_failed,
)
from localcloud.sagemaker.jobs.hosts import Host
from localcloud.sagemaker.jobs.processes import Command, Ending, Outcome
from localcloud.sagemaker.jobs.s3 import S3Error, S3Files, explain

_DAY: Final = 86_400
_MESSAGE: Final = "/opt/ml/output/message"


def validate(request: Mapping[str, Any]) -> None:
    """ValidationException for what SageMaker, or the local cloud, refuses at CreateProcessingJob."""
    application = request["AppSpecification"]
    require_runnable(checks.require(request, "AppSpecification", "ImageUri"), "AppSpecification.ImageUri")
    if not application.get("ContainerEntrypoint"):
        raise checks.not_implemented(
            "An AppSpecification without ContainerEntrypoint (the image's own entry point)",
            'name the command to run, such as ["python3", "/opt/ml/processing/input/code/script.py"]',
        )
    cluster = checks.require(request, "ProcessingResources", "ClusterConfig")
    for member in ("InstanceType", "InstanceCount"):
        checks.require({"ClusterConfig": cluster}, "ClusterConfig", member)
    inputs, outputs = _inputs(request), _outputs(request)
    for one in inputs:
        checks.processing_input(one)
    for one in outputs:
        checks.processing_output(one)
    checks.unique([one["InputName"] for one in inputs], "ProcessingInputs names")
    checks.unique([one["S3Input"]["LocalPath"] for one in inputs], "LocalPath of ProcessingInputs")
    checks.unique([one["OutputName"] for one in outputs], "ProcessingOutputConfig names")


def describe(request: Mapping[str, Any]) -> dict[str, Any]:
    """A new job's description, but for its names and times."""
    held = {name: value for name, value in request.items() if name != "Tags"}
    return held | {"StoppingCondition": {"MaxRuntimeInSeconds": _DAY} | request.get("StoppingCondition", {})}


class ProcessingWorkload:
    """One processing job (see workload.Workload)."""

    def __init__(self, cloud: Cloud, request: Mapping[str, Any], arn: str, credentials: Credentials) -> None:
        self._cloud = cloud
        self._request = request
        self._arn = arn
        isolated = request.get("NetworkConfig", {}).get("EnableNetworkIsolation")
        self._credentials = None if isolated else credentials
        self._hosts: Sequence[Host] = ()
        self.host_count: int = request["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        self.max_seconds = float(request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DAY))
        self.kms_key: str | None = request.get("ProcessingOutputConfig", {}).get("KmsKeyId") or None

    def scan(self, line: str) -> None:
        """Processing jobs have no metric definitions."""

    def prepare(self, hosts: Sequence[Host], files: S3Files, check: Callable[[], None]) -> None:
        self._hosts = hosts
        downloader = Downloader(files, self._request["RoleArn"], self._cloud.region, check)
        for host in hosts:
            self._write_config(host)
            for one in _inputs(self._request):
                wanted = _source(one["S3Input"])
                downloader.fetch(wanted, host.container.outside(wanted.local_path), host.index, len(hosts))
                supply(host.container.outside(wanted.local_path), self._cloud.state_dir / "cache" / "bytecode")
            for one in _outputs(self._request):
                host.container.outside(one["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)

    def command(self, host: Host) -> Command:
        application = self._request["AppSpecification"]
        argv = [*application["ContainerEntrypoint"], *application.get("ContainerArguments", ())]
        return Command(argv, CONTAINER_ROOT, self.environment())

    def environment(self) -> dict[str, str]:
        env = base_environment(self._cloud, self._credentials)
        env |= {"PROCESSING_JOB_NAME": self._request["ProcessingJobName"], "PROCESSING_JOB_ARN": self._arn}
        return with_variables(env, self._request.get("Environment", {}))

    def failure(self, outcome: Outcome) -> str:
        """What a script left as its message, else the end of the stderr of the host that failed first."""
        if not outcome.failed:
            return ""
        files = [one.host.container.outside(_MESSAGE) for one in outcome.failed]
        at = first_told(files)
        host, code = outcome.failed[at or 0].host, outcome.failed[at or 0].code
        why = last_error(host.log.stderr(), MAX_REASON - 100) if at is None else message_file(files[at])
        return algorithm_error(why, code, host.label if self.host_count > 1 else "")

    def finish(self, hosts: Sequence[Host], files: S3Files, ending: Ending) -> None:
        """EndOfJob uploads are a completed job's. Continuous ones are what any job has left, here in one go at its
        end: only monitoring jobs have them."""
        for one in _outputs(self._request):
            target = one["S3Output"]
            if ending != "completed" and target["S3UploadMode"] == "EndOfJob":
                continue
            try:
                for host in hosts:
                    files.upload_directory(host.container.outside(target["LocalPath"]), target["S3Uri"])
            except S3Error as exc:
                raise upload_failed(f"{one['OutputName']} to {target['S3Uri']}: {explain(exc)}") from exc

    def release(self) -> None:
        """Nothing goes on beside a processing job."""

    def description(self, hosts: Sequence[Host], ending: Ending) -> dict[str, Any]:
        files = [host.container.outside(_MESSAGE) for host in hosts]
        at = first_told(files)
        return {} if at is None else {"ExitMessage": message_file(files[at])}

    def _write_config(self, host: Host) -> None:
        names = [one.name for one in self._hosts]
        cluster = self._request["ProcessingResources"]["ClusterConfig"]
        held = {name: value for name, value in self._request.items() if name not in ("Tags", "ExperimentConfig")}
        documents = {
            "processingjobconfig": {**held, "ProcessingJobArn": self._arn},
            "resourceconfig": {
                "current_host": host.name,
                "hosts": names,
                "current_instance_type": cluster["InstanceType"],
            },
        }
        for name, document in documents.items():
            host.container.write(f"/opt/ml/config/{name}.json", json.dumps(document))
        host.container.outside("/opt/ml/output").mkdir(exist_ok=True)


def _source(one: Mapping[str, Any]) -> Source:
    return Source(
        one["S3Uri"],
        one["LocalPath"],
        one["S3DataType"],
        sharded=one.get("S3DataDistributionType") == "ShardedByS3Key",
        gzipped=one.get("S3CompressionType") == "Gzip",
    )


def _inputs(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    inputs: Sequence[Mapping[str, Any]] = request.get("ProcessingInputs", ())
    return inputs


def _outputs(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    outputs: Sequence[Mapping[str, Any]] = request.get("ProcessingOutputConfig", {}).get("Outputs", ())
    return outputs
