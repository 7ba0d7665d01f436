"""CSV files in S3, row by row: the memory that it takes does not grow with them."""

import codecs
import csv
from collections.abc import Iterable, Iterator
from contextlib import closing

from botocore.exceptions import ClientError

from sluice.aws.objects import ObjectMissingError, Objects

_CHUNK = 1 << 20


def csv_rows(objects: Objects, key: str) -> Iterator[list[str]]:
    """The cells of every row, the header's first. Raises ObjectMissingError."""
    try:
        body = objects.client.get_object(Bucket=objects.bucket, Key=key)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            raise ObjectMissingError(f"s3://{objects.bucket}/{key} does not exist") from None
        raise
    with closing(body):
        yield from csv.reader(_lines(codecs.iterdecode(body.iter_chunks(_CHUNK), "utf-8-sig")))


def _lines(texts: Iterable[str]) -> Iterator[str]:
    r"""Each with its \n, so that one within quotes stays in its cell."""
    rest = ""
    for text in texts:
        *whole, rest = (rest + text).split("\n")
        yield from (f"{line}\n" for line in whole)
    if rest:
        yield rest
