"""The local cloud as the commands see it: where it is, and which variables point at it."""

from pathlib import Path

from localcloud import daemon
from localcloud.settings import REGION, ROOT_ACCESS_KEY, ROOT_SECRET_KEY

TRAINING_CODE = Path(__file__).resolve().parents[1] / "training_code"


def analyzer() -> Path | None:
    """The folder whose monitor.py stands in for the image of Model Monitor's analyzer; None where it has none."""
    return TRAINING_CODE if (TRAINING_CODE / "monitor.py").is_file() else None


def running_url(state_dir: Path) -> str | None:
    server = daemon.status(state_dir)
    return server.endpoint_url if server else None


def exports(endpoint_url: str) -> str:
    """For `eval`: from then on every AWS client talks to the local cloud.

    Of the two regions boto3 reads the second, and newer clients the first, also where a shell has one set for AWS.
    """
    variables = {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ROOT_ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    return "\n".join(f"export {name}={value}" for name, value in variables.items())
