"""Script mode: what the SageMaker training toolkit does inside the framework images before the user's script starts.

Source of the behaviour: aws/sagemaker-training-toolkit (environment.py, mapping.py, entry_point.py), version 5.
"""

import functools
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

CODE_DIR: Final = "/opt/ml/code"
MODEL_DIR: Final = "/opt/ml/model"
INPUT_DIR: Final = "/opt/ml/input"
CONFIG_DIR: Final = "/opt/ml/input/config"
DATA_DIR: Final = "/opt/ml/input/data"
OUTPUT_DIR: Final = "/opt/ml/output"
OUTPUT_DATA_DIR: Final = "/opt/ml/output/data"

PROGRAM: Final = "sagemaker_program"
SUBMIT_DIRECTORY: Final = "sagemaker_submit_directory"
_LOG_LEVEL: Final = "sagemaker_container_log_level"
_INFO: Final = 20
_INSTANCE_GROUP: Final = "homogeneousCluster"
_FRAMEWORK_MODULES: Final = {
    "sagemaker-xgboost": "sagemaker_xgboost_container.training:main",
    "sagemaker-scikit-learn": "sagemaker_sklearn_container.training:main",
}

# The toolkit's own; every other sagemaker_… hyperparameter goes to SM_FRAMEWORK_PARAMS.
_OWN: Final = frozenset(
    {
        PROGRAM, SUBMIT_DIRECTORY, "sagemaker_enable_cloudwatch_metrics", "sagemaker_region", _LOG_LEVEL,
        "sagemaker_job_name", "default_user_module_name", "_tuning_objective_metric", "sagemaker_s3_output",
    }
)  # fmt: skip


@dataclass(frozen=True)
class ScriptMode:
    """What a training job says of its script. `hyperparameters` are the user's own, decoded."""

    program: str
    submit_directory: str
    hyperparameters: Mapping[str, Any]
    framework: Mapping[str, Any]
    log_level: int
    framework_module: str

    @property
    def module_name(self) -> str:
        return self.program.removesuffix(".py")

    @property
    def arguments(self) -> list[str]:
        return to_arguments(self.hyperparameters)


@dataclass(frozen=True)
class Cluster:
    """The job's machines as one of them sees them."""

    hosts: Sequence[str]
    current: str
    instance_type: str

    def resource_config(self) -> dict[str, Any]:
        """/opt/ml/input/config/resourceconfig.json; the interface by which hosts reach each other here is loopback."""
        group = {
            "instance_group_name": _INSTANCE_GROUP,
            "instance_type": self.instance_type,
            "hosts": list(self.hosts),
        }
        return {
            "current_host": self.current,
            "current_instance_type": self.instance_type,
            "current_group_name": _INSTANCE_GROUP,
            "hosts": list(self.hosts),
            "instance_groups": [group],
            "network_interface_name": "lo",
        }


def read_hyperparameters(given: Mapping[str, str], environment: Mapping[str, str], image: str = "") -> ScriptMode:
    """Clients send values plain or as JSON (`train.py` or `"train.py"`): `image`: its repository."""
    decoded = {name: _decoded(value) for name, value in given.items()}
    return ScriptMode(
        program=str(decoded.get(PROGRAM) or environment.get(PROGRAM.upper(), "")),
        submit_directory=str(decoded.get(SUBMIT_DIRECTORY) or environment.get(SUBMIT_DIRECTORY.upper(), "")),
        hyperparameters={name: value for name, value in decoded.items() if not _is_ours(name)},
        framework={name: value for name, value in decoded.items() if _is_ours(name) and name not in _OWN},
        log_level=int(decoded.get(_LOG_LEVEL, environment.get(_LOG_LEVEL.upper(), _INFO))),
        framework_module=_FRAMEWORK_MODULES.get(image, ""),
    )


def to_arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """`{"eta": 0.1, "n": 5}` → `--eta 0.1 -n 5`, by name."""
    arguments: list[str] = []
    for name in sorted(hyperparameters):
        arguments += [f"--{name}" if len(name) > 1 else f"-{name}", _argument(hyperparameters[name])]
    return arguments


def command(script: ScriptMode, source_files: Iterable[str]) -> list[str]:
    """How the entry point is run, in the code directory: as a package (there is a setup.py), a file, a command."""
    if script.program.endswith(".py") and "setup.py" not in source_files:
        return ["python3", script.program, *script.arguments]
    if "setup.py" in source_files and not script.program.endswith(".sh"):
        return ["python3", "-m", script.module_name.replace("/", "."), *script.arguments]
    return ["/bin/sh", "-c", shlex.join([f"./{script.program}", *script.arguments])]


def environment(script: ScriptMode, cluster: Cluster, channels: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Every SM_* variable. `channels` is inputdataconfig.json."""
    values = _values(script, cluster, channels)
    values["training_env"] = _training_env(values)
    values |= {f"channel_{name}": f"{DATA_DIR}/{name}" for name in channels}
    values |= {f"hp_{name}": value for name, value in script.hyperparameters.items()}
    return {f"SM_{name.upper()}": _variable(value) for name, value in values.items()}


def _values(script: ScriptMode, cluster: Cluster, channels: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    resources = cluster.resource_config()
    return {
        "channels": sorted(channels),
        "current_host": cluster.current,
        "current_instance_group": _INSTANCE_GROUP,
        "current_instance_group_hosts": list(cluster.hosts),
        "current_instance_type": cluster.instance_type,
        "distribution_instance_groups": [],
        "framework_module": script.framework_module,
        "framework_params": dict(script.framework),
        "hosts": list(cluster.hosts),
        "hps": dict(script.hyperparameters),
        "input_config_dir": CONFIG_DIR,
        "input_data_config": dict(channels),
        "input_dir": INPUT_DIR,
        "instance_groups": [_INSTANCE_GROUP],
        "instance_groups_dict": {_INSTANCE_GROUP: resources["instance_groups"][0]},
        "is_hetero": False,
        "log_level": script.log_level,
        "model_dir": MODEL_DIR,
        "module_dir": script.submit_directory or CODE_DIR,
        "module_name": script.module_name,
        "network_interface_name": resources["network_interface_name"],
        "num_cpus": os.cpu_count() or 1,
        "num_gpus": _gpus(),
        "num_neurons": 0,
        "output_data_dir": OUTPUT_DATA_DIR,
        "output_dir": OUTPUT_DIR,
        "output_intermediate_dir": f"{OUTPUT_DIR}/intermediate",
        "resource_config": resources,
        "user_args": script.arguments,
        "user_entry_point": script.program,
    }


def _training_env(values: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"hps": "hyperparameters", "framework_params": "additional_framework_parameters"}
    env = {renamed.get(name, name): value for name, value in values.items() if name != "user_args"}
    return env | {
        "channel_input_dirs": {name: f"{DATA_DIR}/{name}" for name in values["channels"]},
        "is_master": values["current_host"] == sorted(values["hosts"])[0],
        "master_hostname": sorted(values["hosts"])[0],
    }


def _is_ours(name: str) -> bool:
    return name.startswith("sagemaker_") or name in _OWN


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _argument(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={member}" for name, member in sorted(value.items()))
    return "" if value is None else str(value)


def _variable(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


@functools.cache
def _gpus() -> int:
    if not shutil.which("nvidia-smi"):
        return 0
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, timeout=10, check=False)
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
