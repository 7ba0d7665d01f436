"""Rows of the test split, which training never saw, as a caller has them."""

import csv
import io
from collections.abc import Iterator

from cli.demo.findings import Deployed, Trained
from cli.demo.stages import Results
from sluice.aws.objects import key_of

Row = dict[str, str]


def holdout_rows(results: Results) -> list[Row]:
    """With the target, and with every other column of the file."""
    objects = results.get(Deployed).installation.objects
    prefix = key_of(results.get(Trained).plan["uris"]["holdout"])

    def rows() -> Iterator[Row]:
        for key in objects.keys(prefix):
            yield from csv.DictReader(io.StringIO(objects.read(key).decode()))

    return list(rows())
