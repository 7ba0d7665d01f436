"""What the local cloud needs to know to start, and the environment that makes MiniStack the way we need it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.lambda_bootstrap import CACHE_VARIABLE

ACCOUNT = "000000000000"
REGION = "us-east-1"
ROOT_ACCESS_KEY = ROOT_SECRET_KEY = "test"  # noqa: S105 - MiniStack's well-known root

# What a template of ours deploys, and what the services behind it call.
_SERVICES = (
    "apigateway",
    "cloudformation",
    "dynamodb",
    "dynamodbstreams",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
    "tagging",
)


@dataclass(frozen=True)
class Settings:
    """`time_scale`: what AWS waits for one second, the local cloud waits for so many.

    It shortens backoff, Wait states and grace, and what is measured by the minute: alarms' periods and autoscaling's
    cooldowns. With 0.02, the data points of a 60 s period are those of 1.2 real seconds.
    """

    state_dir: Path
    port: int = 0
    host: str = "127.0.0.1"
    time_scale: float = 0.02
    account: str = ACCOUNT
    region: str = REGION
    analyzer: Path | None = None
    """A folder with monitor.py: what stands in for the image of Model Monitor's analyzer."""

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class StateFiles:
    """Where things lie in the state directory."""

    root: Path

    @property
    def log(self) -> Path:
        return self.root / "logs" / "localcloud.log"

    @property
    def server(self) -> Path:
        return self.root / "server.json"

    @property
    def lock(self) -> Path:
        return self.root / "server.lock"

    @property
    def scratch(self) -> Path:
        """Emptied at every start."""
        return self.root / "tmp"

    @property
    def functions(self) -> Path:
        """Unpacked functions and layers, by content: kept, with their bytecode, from one start to the next."""
        return self.root / "functions"


def server_environment(settings: Settings, inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The server's whole environment: the user's without any AWS setting, plus MiniStack's switches."""
    inherited = os.environ if inherited is None else inherited
    # Without bytecode every cold start of a function would compile boto3 and pydantic again.
    dropped = ("AWS_", "LOCALSTACK_", "LAMBDA_", "MINISTACK_", "SFN_", "S3_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in inherited.items() if not name.startswith(dropped)}
    return kept | _ministack_switches(settings) | _isolation(settings, kept)


def _ministack_switches(settings: Settings) -> dict[str, str]:
    files = StateFiles(settings.state_dir)
    scale = settings.time_scale
    return {
        "AUTH": "true",
        "BIND_HOST": settings.host,
        "GATEWAY_PORT": str(settings.port),
        "MINISTACK_ACCOUNT_ID": settings.account,
        "MINISTACK_REGION": settings.region,
        "SERVICES": ",".join(_SERVICES),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "CLOUDTRAIL_RECORDING": "0",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "S3_DATA_DIR": str(files.root / "s3"),
        "STATE_DIR": str(files.root / "ministack"),
        "SFN_WAIT_SCALE": str(scale),
        "LAMBDA_EXECUTOR": "local",
        # AWS waits one minute before the second attempt of an asynchronous invocation, then doubles up to five.
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(60 * scale),
        "LAMBDA_ASYNC_RETRY_MAX_SECONDS": str(300 * scale),
        "LOG_LEVEL": "INFO",
        # No container engine is ever asked: a socket that does not exist says so at once.
        "DOCKER_HOST": f"unix://{files.root}/no-docker.sock",
    }


def _isolation(settings: Settings, kept: Mapping[str, str]) -> dict[str, str]:
    files = StateFiles(settings.state_dir)
    return {
        "AWS_ACCESS_KEY_ID": ROOT_ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_SECRET_KEY,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_REGION": settings.region,
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": _joined(kept.get("NO_PROXY"), ("127.0.0.1", "localhost")),
        "no_proxy": _joined(kept.get("no_proxy"), ("127.0.0.1", "localhost")),
        "TMPDIR": str(files.scratch),
        CACHE_VARIABLE: str(files.functions),
    }


def _joined(present: str | None, names: Iterable[str]) -> str:
    return ",".join([*([present] if present else []), *names])
