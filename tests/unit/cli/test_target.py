import boto3
import pytest

from cli.target import Aws


def link(endpoint_url: str | None) -> str:
    session = boto3.Session("testing", "testing", region_name="eu-west-1")
    s3 = Aws(session, "dev", endpoint_url).client("s3")
    return str(s3.generate_presigned_url("get_object", Params={"Bucket": "sluice-bucket", "Key": "page.html"}))


@pytest.mark.parametrize(
    ("endpoint_url", "start"),
    [
        (None, "https://sluice-bucket.s3.eu-west-1.amazonaws.com/page.html?X-Amz-Algorithm=AWS4-HMAC-SHA256"),
        ("http://127.0.0.1:4566", "http://127.0.0.1:4566/sluice-bucket/page.html?X-Amz-Algorithm=AWS4-HMAC-SHA256"),
        ("http://localhost:4566", "http://localhost:4566/sluice-bucket/page.html?X-Amz-Algorithm=AWS4-HMAC-SHA256"),
    ],
)
def test_a_signed_link_goes_to_the_regions_own_endpoint(endpoint_url: str | None, start: str) -> None:
    assert link(endpoint_url).startswith(start)
