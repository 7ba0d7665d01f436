"""Training jobs: what their requests must hold, and what one does with its script."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from localcloud.cloud import Cloud, Credentials
from localcloud.sagemaker import metrics
from localcloud.sagemaker.images import repository, require_runnable
from localcloud.sagemaker.jobs import checks, source, toolkit
from localcloud.sagemaker.jobs.artifacts import Artifacts, Checkpoints, model_uri
from localcloud.sagemaker.jobs.bytecode import supply
from localcloud.sagemaker.jobs.channels import Downloader, Source
from localcloud.sagemaker.jobs.container import base_environment, with_variables
from localcloud.sagemaker.jobs.failures import (
    algorithm_error,
    download_failed,
    first_told,
    message_file,
    script_failure,
)
from localcloud.sagemaker.jobs.hosts import Host
from localcloud.sagemaker.jobs.processes import Command, Ending, Outcome
from localcloud.sagemaker.jobs.s3 import S3Error, S3Files, explain
from localcloud.sagemaker.metrics import Metric, MetricScanner

Observe = Callable[[Metric], object]

_DAY: Final = 86_400
_CHECKPOINTS: Final = "/opt/ml/checkpoints"

# Their absence would change what the caller gets. What only observes a job (DebugHookConfig, ProfilerConfig,
# ExperimentConfig) and what only places it (VpcConfig, volumes, warm pools) is recorded and has no effect here.
_NOT_IMPLEMENTED: Final = (
    "DebugRuleConfigurations",
    "ProfilerRuleConfigurations",
    "TensorBoardOutputConfig",
    "ServerlessJobConfig",
    "SessionChainingConfig",
    "MlflowConfig",
    "ModelPackageConfig",
)


def validate(request: Mapping[str, Any]) -> None:
    """ValidationException for what SageMaker, or the local cloud, refuses at CreateTrainingJob."""
    checks.refuse(request, _NOT_IMPLEMENTED)
    specification = checks.require(request, "AlgorithmSpecification")
    checks.refuse(specification, ("AlgorithmName", "TrainingImageConfig"), "AlgorithmSpecification.")
    image = checks.require(request, "AlgorithmSpecification", "TrainingImage")
    require_runnable(image, "AlgorithmSpecification.TrainingImage")
    metrics.check(specification.get("MetricDefinitions", ()))
    _validate_resources(checks.require(request, "ResourceConfig"))
    checks.stopping_condition(request)
    channels = request.get("InputDataConfig", [])
    checks.unique([one["ChannelName"] for one in channels], "InputDataConfig channel names")
    for one in channels:
        checks.channel(one, specification["TrainingInputMode"])
    checks.s3_uri(request["OutputDataConfig"]["S3OutputPath"], "OutputDataConfig.S3OutputPath")
    if "CheckpointConfig" in request:
        _validate_checkpoints(request["CheckpointConfig"])
    _validate_script(request, image)


def describe(request: Mapping[str, Any]) -> dict[str, Any]:
    """A new job's description, but for its names and times.

    ModelArtifacts is a required member of the answer: it tells where the model will be, whatever becomes of the job.
    """
    flags = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
    held = {name: value for name, value in request.items() if name != "Tags"}
    condition = {"MaxRuntimeInSeconds": _DAY} | request.get("StoppingCondition", {})
    artifacts = {"S3ModelArtifacts": model_uri(request["OutputDataConfig"], request["TrainingJobName"])}
    return dict.fromkeys(flags, False) | held | {"StoppingCondition": condition, "ModelArtifacts": artifacts}


class TrainingWorkload:
    """One training job (see workload.Workload). `observe` gets each metric, in the thread that reads the output."""

    def __init__(
        self,
        cloud: Cloud,
        checkpoint_seconds: float,
        request: Mapping[str, Any],
        arn: str,
        credentials: Credentials,
        *,
        observe: Observe = lambda metric: None,
    ) -> None:
        self._cloud = cloud
        self._request = request
        self._name: str = request["TrainingJobName"]
        self._arn = arn
        self._credentials = None if request.get("EnableNetworkIsolation") else credentials
        self._checkpoint_seconds = checkpoint_seconds
        self._observe = observe
        self._specification = request["AlgorithmSpecification"]
        self._script = _script_mode(request)
        self._scanner = MetricScanner(self._specification.get("MetricDefinitions", ()))
        self._channels = input_data_config(request)
        self._commands: dict[int, Command] = {}
        self._checkpoints: list[Checkpoints] = []
        self.host_count: int = request["ResourceConfig"]["InstanceCount"]
        self.max_seconds = float(request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DAY))
        self.kms_key: str | None = request["OutputDataConfig"].get("KmsKeyId") or None

    def scan(self, line: str) -> None:
        for metric in self._scanner.feed(line):
            dimensions = {"TrainingJobName": self._name}
            self._cloud.put_metric(metrics.NAMESPACE, metric.name, metric.value, "None", dimensions)
            self._observe(metric)

    def prepare(self, hosts: Sequence[Host], files: S3Files, check: Callable[[], None]) -> None:
        downloader = Downloader(files, self._request["RoleArn"], self._cloud.region, check)
        for host in hosts:
            self._write_config(host, hosts)
            for one in self._request.get("InputDataConfig", ()):
                wanted = channel_source(one)
                downloader.fetch(wanted, host.container.outside(wanted.local_path), host.index, len(hosts))
            self._commands[host.index] = self._make_command(host, hosts, downloader)
        self._restore_checkpoints(hosts, files)

    def command(self, host: Host) -> Command:
        return self._commands[host.index]

    def failure(self, outcome: Outcome) -> str:
        """What a script left as its failure, else the end of the stderr of the host that failed first."""
        if not outcome.failed:
            return ""
        files = [one.host.container.outside(f"{toolkit.OUTPUT_DIR}/failure") for one in outcome.failed]
        at = first_told(files)
        host, code = outcome.failed[at or 0].host, outcome.failed[at or 0].code
        if at is None:
            why = script_failure(code, host.log.stderr(), self._commands[host.index].shown)
        else:
            why = message_file(files[at])
        return algorithm_error(why, code, host.label if self.host_count > 1 else "")

    def finish(self, hosts: Sequence[Host], files: S3Files, ending: Ending) -> None:
        """A job that was stopped, or ran too long, leaves what it had saved; a failed one only its checkpoints."""
        for checkpoints in self._checkpoints:
            checkpoints.finish()
        if ending == "failed":
            return
        artifacts = Artifacts(files, self._request["OutputDataConfig"], self._name)
        scratch = hosts[0].container.directory
        for kind, path in (("model", toolkit.MODEL_DIR), ("output", toolkit.OUTPUT_DATA_DIR)):
            artifacts.upload(kind, [host.container.outside(path) for host in hosts], scratch)

    def release(self) -> None:
        for checkpoints in self._checkpoints:
            checkpoints.release()

    def description(self, hosts: Sequence[Host], ending: Ending) -> dict[str, Any]:
        final = self._scanner.final()
        return {"FinalMetricDataList": final} if final else {}

    def _write_config(self, host: Host, hosts: Sequence[Host]) -> None:
        documents = {
            "hyperparameters": self._request.get("HyperParameters", {}),
            "inputdataconfig": self._channels,
            "resourceconfig": self._cluster(host, hosts).resource_config(),
        }
        for name, document in documents.items():
            host.container.write(f"{toolkit.CONFIG_DIR}/{name}.json", json.dumps(document))
        for path in (toolkit.MODEL_DIR, toolkit.OUTPUT_DATA_DIR, toolkit.CODE_DIR, toolkit.DATA_DIR):
            host.container.outside(path).mkdir(parents=True, exist_ok=True)

    def _cluster(self, host: Host, hosts: Sequence[Host]) -> toolkit.Cluster:
        return toolkit.Cluster([one.name for one in hosts], host.name, self._request["ResourceConfig"]["InstanceType"])

    def _make_command(self, host: Host, hosts: Sequence[Host], downloader: Downloader) -> Command:
        env = base_environment(self._cloud, self._credentials)
        env |= {"TRAINING_JOB_NAME": self._name, "TRAINING_JOB_ARN": self._arn}
        env = with_variables(env, self._request.get("Environment", {}))
        entrypoint = self._specification.get("ContainerEntrypoint")
        if entrypoint:
            # The image's own entry point, and with it the toolkit, is replaced.
            return Command([*entrypoint, *self._specification.get("ContainerArguments", ())], "/opt/ml", env)
        names = source.install(host.container, self._script, downloader)
        supply(host.container.outside(toolkit.CODE_DIR), self._cloud.state_dir / "cache" / "bytecode")
        env |= toolkit.environment(self._script, self._cluster(host, hosts), self._channels)
        env = with_variables(env, {"PYTHONPATH": toolkit.CODE_DIR})
        return Command(toolkit.command(self._script, names), toolkit.CODE_DIR, env)

    def _restore_checkpoints(self, hosts: Sequence[Host], files: S3Files) -> None:
        config = self._request.get("CheckpointConfig")
        if not config:
            return
        for host in hosts:
            directory = host.container.outside(config.get("LocalPath", _CHECKPOINTS))
            checkpoints = Checkpoints(files, config["S3Uri"], directory, self._checkpoint_seconds)
            try:
                checkpoints.restore()
            except S3Error as exc:
                raise download_failed(f"checkpoints from {config['S3Uri']}: {explain(exc)}") from exc
            checkpoints.start()
            self._checkpoints.append(checkpoints)


def input_data_config(request: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """/opt/ml/input/config/inputdataconfig.json"""
    default = request["AlgorithmSpecification"]["TrainingInputMode"]
    return {
        one["ChannelName"]: {
            "TrainingInputMode": one.get("InputMode", default),
            "S3DistributionType": one["DataSource"]["S3DataSource"].get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": one.get("RecordWrapperType", "None"),
            **({"ContentType": one["ContentType"]} if "ContentType" in one else {}),
        }
        for one in request.get("InputDataConfig", ())
    }


def channel_source(one: Mapping[str, Any]) -> Source:
    s3 = one["DataSource"]["S3DataSource"]
    return Source(
        s3["S3Uri"],
        f"{toolkit.DATA_DIR}/{one['ChannelName']}",
        s3["S3DataType"],
        sharded=s3.get("S3DataDistributionType") == "ShardedByS3Key",
        gzipped=one.get("CompressionType") == "Gzip",
    )


def _script_mode(request: Mapping[str, Any]) -> toolkit.ScriptMode:
    image = repository(request["AlgorithmSpecification"]["TrainingImage"])
    return toolkit.read_hyperparameters(request.get("HyperParameters", {}), request.get("Environment", {}), image)


def _validate_resources(resources: Mapping[str, Any]) -> None:
    checks.refuse(resources, ("InstanceGroups", "TrainingPlanArn", "InstancePreferences"), "ResourceConfig.")
    for member in ("InstanceType", "InstanceCount"):
        checks.require({"ResourceConfig": resources}, "ResourceConfig", member)


def _validate_checkpoints(config: Mapping[str, Any]) -> None:
    checks.s3_uri(config["S3Uri"], "CheckpointConfig.S3Uri")
    path = config.get("LocalPath", _CHECKPOINTS)
    if ".." in path.split("/") or not path.startswith("/opt/ml/"):
        raise checks.invalid(f"CheckpointConfig.LocalPath is {path}; the local cloud keeps checkpoints below /opt/ml/")


def _validate_script(request: Mapping[str, Any], image: str) -> None:
    if request["AlgorithmSpecification"].get("ContainerEntrypoint"):
        return
    script = _script_mode(request)
    if not script.program:
        raise checks.invalid(
            f"HyperParameters has no {toolkit.PROGRAM}: on AWS this would run the built-in algorithm of {image}, and "
            f"the local cloud runs scripts only. Name your script in {toolkit.PROGRAM} and its archive in "
            f"{toolkit.SUBMIT_DIRECTORY}."
        )
    if not script.submit_directory:
        raise checks.invalid(f"HyperParameters has {toolkit.PROGRAM} but no {toolkit.SUBMIT_DIRECTORY} that holds it")
