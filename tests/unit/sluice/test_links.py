"""Links that are signed here work on AWS and on the local cloud."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from sluice.aws import clients
from sluice.aws.objects import Objects


@pytest.fixture(autouse=True)
def _fresh_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    clients.s3.cache_clear()
    yield
    clients.s3.cache_clear()


def test_a_link_is_signed_so_that_kms_and_every_region_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    link = urlsplit(Objects(clients.s3(), "my-bucket").presigned("models/churn/report.html", 600))

    assert (link.scheme, link.netloc) == ("https", "my-bucket.s3.eu-central-1.amazonaws.com")
    assert link.path == "/models/churn/report.html"
    assert parse_qs(link.query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert parse_qs(link.query)["X-Amz-Expires"] == ["600"]


@pytest.mark.parametrize("host", ["localhost:4566", "127.0.0.1:4566", "host.containers.internal:4566"])
def test_a_link_of_the_local_cloud_names_a_host_that_exists(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}")

    link = urlsplit(Objects(clients.s3(), "my-bucket").presigned("a b.html", 600))

    assert (link.netloc, link.path) == (host, "/my-bucket/a%20b.html")
