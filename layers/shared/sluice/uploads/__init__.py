"""What an uploaded file must be before a job may start on it. Pure: bytes in, findings or a reason out."""

from sluice.uploads.errors import UnusableUploadError
from sluice.uploads.formats import FileFormat, format_of
from sluice.uploads.parquet import screen_parquet
from sluice.uploads.screening import Screening, screen
from sluice.uploads.text import Beginning, gunzipped

__all__ = [
    "Beginning",
    "FileFormat",
    "Screening",
    "UnusableUploadError",
    "format_of",
    "gunzipped",
    "screen",
    "screen_parquet",
]
