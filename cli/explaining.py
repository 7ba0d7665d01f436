"""Any error as one sentence that a person can act on."""

from cli.aws_errors import translate
from cli.errors import CliError


def explain(error: Exception) -> CliError:
    if isinstance(error, CliError):
        return error
    return translate(error) or CliError(
        f"unexpected {type(error).__name__}: {error}. This is a defect in sluice; `sluice --debug …` shows where it is"
    )
