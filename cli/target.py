"""Which AWS a command talks to. The environment decides; a person is told, and real AWS is never used in silence."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from cli.errors import BadInputError
from localcloud.settings import REGION, ROOT_ACCESS_KEY, ROOT_SECRET_KEY
from sluice.naming import STAGE_PATTERN

STAGE_VARIABLE = "SLUICE_STAGE"
DEFAULT_STAGE = "dev"
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu")


@dataclass(frozen=True)
class Target:
    """`endpoint_url` is None for AWS itself."""

    stage: str
    region: str
    endpoint_url: str | None

    @property
    def is_aws(self) -> bool:
        return self.endpoint_url is None

    def __str__(self) -> str:
        where = f"AWS, region {self.region}" if self.is_aws else f"{self.endpoint_url}, region {self.region}"
        return f"{where}, stage {self.stage}"


class Aws:
    """Clients onto the target, each made once."""

    def __init__(self, session: boto3.Session, stage: str, endpoint_url: str | None = None) -> None:
        self._session = session
        self._stage = stage
        self._endpoint_url = endpoint_url
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            config = self._s3_config() if service == "s3" else self._config()
            self._clients[service] = self._session.client(service, endpoint_url=self._endpoint_url, config=config)
        return self._clients[service]

    def table(self, name: str) -> Any:
        resource = self._session.resource("dynamodb", endpoint_url=self._endpoint_url, config=self._config())
        return resource.Table(name)

    def _config(self) -> Config:
        # A proxy of the environment is for AWS; a local cloud that was named by its address needs none.
        proxies: Any = {} if self._endpoint_url else None
        retries: Any = {"mode": "standard", "max_attempts": 4}
        return Config(connect_timeout=5, read_timeout=70, retries=retries, proxies=proxies)

    def _s3_config(self) -> Config:
        """For links that are signed: by Signature Version 4, which objects under a KMS key ask for, and naming the
        region's own endpoint, because a redirect from the global one breaks the signature."""
        named: Any = {"addressing_style": "virtual"} if self.target.is_aws else {}
        return self._config().merge(Config(signature_version="s3v4", s3=named))

    @cached_property
    def target(self) -> Target:
        """Asked of a client, because the endpoint may stand in a variable, in a profile, or nowhere."""
        client = self.client("sagemaker")
        url = str(client.meta.endpoint_url)
        host = urlsplit(url).hostname or ""
        return Target(self._stage, client.meta.region_name, None if host.endswith(_AWS_DOMAINS) else url)

    @cached_property
    def _identity(self) -> dict[str, Any]:
        return dict(self.client("sts").get_caller_identity())

    @property
    def credentials(self) -> Credentials | None:
        """What requests are signed with that no client of boto3 sends; None where there are none."""
        return self._session.get_credentials()

    @property
    def account(self) -> str:
        return str(self._identity["Account"])

    @property
    def caller(self) -> str:
        """The ARN that the account's records will name."""
        return str(self._identity["Arn"])


def chosen_stage(given: str | None) -> str:
    stage = given or os.environ.get(STAGE_VARIABLE) or DEFAULT_STAGE
    if not re.fullmatch(STAGE_PATTERN, stage):
        raise BadInputError(f"stage {stage!r}: at most 7 small letters and digits, a letter first, as in dev or prod")
    return stage


def connect(stage: str | None = None) -> Aws:
    """By the environment alone, as the AWS CLI would."""
    return Aws(boto3.Session(), chosen_stage(stage))


def connect_local(endpoint_url: str) -> Aws:
    """Onto a local cloud that need not be in the environment."""
    session = boto3.Session(ROOT_ACCESS_KEY, ROOT_SECRET_KEY, region_name=REGION)
    return Aws(session, DEFAULT_STAGE, endpoint_url)
