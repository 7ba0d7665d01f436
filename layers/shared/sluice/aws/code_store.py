"""Where training code lies in the bucket: `code/<sha256>/`, so that a change of code is a new prefix."""

from sluice.plan import CodeVersion

SOURCE_ARCHIVE = "sourcedir.tar.gz"


def code_prefix(sha256: str) -> str:
    return f"code/{sha256}/"


def stored_code(bucket: str, sha256: str) -> CodeVersion:
    prefix = f"s3://{bucket}/{code_prefix(sha256)}"
    return CodeVersion(sha256, processing_uri=f"{prefix}processing/", source_uri=f"{prefix}{SOURCE_ARCHIVE}")
