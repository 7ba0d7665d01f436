"""A signed link of the local cloud opens for whoever has it, as far as its signer's rights go."""

import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config

from sluice.aws.objects import Objects
from tests.integration.localcloud.conftest import REGION, Running

BUCKET = "links"


def link(cloud: Running, *statements: dict[str, object]) -> str:
    """As a function's role signs it: with a session, and signature version 4."""
    session = cloud.client("sts").assume_role(
        RoleArn=cloud.role("lambda.amazonaws.com", *statements), RoleSessionName="test"
    )["Credentials"]
    s3 = boto3.client(
        "s3",
        endpoint_url=cloud.server.endpoint_url,
        region_name=REGION,
        config=Config(signature_version="s3v4"),
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    return Objects(s3, BUCKET).presigned("report.html", 600)


def opened(url: str) -> str:
    assert url.startswith("http://127.0.0.1:")
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with without_proxy.open(url, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.fixture(autouse=True)
def _report(cloud: Running) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="report.html", Body=b"<h1>good</h1>", ContentType="text/html")


def test_a_link_opens_without_credentials(cloud: Running) -> None:
    allowed = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/report.html"}

    assert opened(link(cloud, allowed)) == "<h1>good</h1>"


def test_a_link_gives_no_more_than_its_signer_may(cloud: Running) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        opened(link(cloud))

    assert refused.value.code == 403
