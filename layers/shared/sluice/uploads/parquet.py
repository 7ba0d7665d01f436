"""Parquet, without a reader of it: pyarrow is too big for a Lambda."""

from sluice.uploads.errors import UnusableUploadError
from sluice.uploads.screening import Screening

MAGIC = b"PAR1"
_SMALLEST = 12
"""Bytes: the magic word at both ends, and the footer's length."""


def screen_parquet(head: bytes, tail: bytes, size: int) -> Screening:
    """`head` and `tail` are the file's first and last bytes, eight at least. Columns and rows Preprocess checks.

    Source: Apache Parquet, "File Format": PAR1, data, footer, the footer's length (4 bytes, little endian), PAR1.
    """
    if size < _SMALLEST or not head.startswith(MAGIC):
        raise UnusableUploadError(
            "the file is not Parquet: it does not begin with PAR1; upload the file as it was written"
        )
    if not tail.endswith(MAGIC):
        raise UnusableUploadError("the Parquet file is cut off: it does not end with PAR1; upload the whole file again")
    footer = int.from_bytes(tail[-8:-4], "little")
    if footer > size - _SMALLEST:
        raise UnusableUploadError(
            f"the Parquet file is damaged: its footer is said to take {footer} of {size} bytes; write it again"
        )
    return Screening(rows=None, complete=False, left="columns and rows: Preprocess checks them")
