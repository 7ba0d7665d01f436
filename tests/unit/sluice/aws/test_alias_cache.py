"""An alias is asked for once in a while, and an old one is better than none."""

from dataclasses import dataclass, field, replace

import pytest
from botocore.exceptions import ClientError

from sluice.alias import Alias
from sluice.aws.alias_cache import FRESH_SECONDS, CachedAliases
from tests.fakes.aws_clients import client_error

FIRST = Alias("churn", "sluice-dev-churn", "serverless", 6, "s3://b/d.json", {"AllTraffic": 6})


@dataclass
class Source:
    now: Alias | None = FIRST
    error: ClientError | None = None
    asked: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def get(self, model: str) -> Alias | None:
        self.asked.append(model)
        if self.error:
            raise self.error
        return self.now

    def clock(self) -> float:
        return self.seconds


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def aliases(source: Source) -> CachedAliases:
    return CachedAliases(source, source.clock)


def test_it_is_asked_for_once_while_it_is_fresh(source: Source, aliases: CachedAliases) -> None:
    aliases.get("churn")
    source.now, source.seconds = replace(FIRST, version=7), FRESH_SECONDS - 0.1

    assert (aliases.get("churn"), source.asked) == (FIRST, ["churn"])

    source.seconds = FRESH_SECONDS
    assert aliases.get("churn") == source.now


def test_what_is_not_there_is_asked_for_each_time(source: Source, aliases: CachedAliases) -> None:
    source.now = None
    assert aliases.get("churn") is None
    source.now = FIRST

    assert aliases.get("churn") == FIRST


def test_an_alias_that_was_removed_is_forgotten(source: Source, aliases: CachedAliases) -> None:
    aliases.get("churn")
    source.now, source.seconds = None, FRESH_SECONDS

    assert aliases.get("churn") is None


def test_while_it_cannot_be_read_the_last_one_serves(source: Source, aliases: CachedAliases) -> None:
    aliases.get("churn")
    source.error, source.seconds = client_error("ThrottlingException", "slow down", "GetParameter"), FRESH_SECONDS

    assert aliases.get("churn") == FIRST
    assert aliases.get("churn") == FIRST
    assert len(source.asked) == 2, "not asked again for each request"
    with pytest.raises(ClientError):
        aliases.get("other")


def test_it_can_be_read_anew(source: Source, aliases: CachedAliases) -> None:
    aliases.get("churn")
    source.now = replace(FIRST, endpoint_name="sluice-dev-churn--real-time")

    assert aliases.reread("churn") == source.now
    assert aliases.get("churn") == source.now
