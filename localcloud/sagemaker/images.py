"""Which container images run here, and as what.

The local cloud has no container registry. It runs SageMaker's framework images that hold the same packages as its own
interpreter, in script mode: the user's script, started by that interpreter.
"""

import re
from typing import Final

from localcloud.api import ApiError

RUNNABLE: Final = ("sagemaker-xgboost", "sagemaker-scikit-learn")

_IMAGE = re.compile(r"(?:(?P<registry>[^/]+)/)?(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?")


def repository(image: str) -> str:
    """`683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0` → `sagemaker-xgboost`."""
    match = _IMAGE.fullmatch(image)
    return match["repository"] if match else image


def require_runnable(image: str, field: str) -> str:
    """The image's repository; ValidationException that names the request's `field` when it cannot run here."""
    name = repository(image)
    if name not in RUNNABLE:
        raise ApiError(
            "ValidationException",
            f"{field} is {image}; the local cloud runs framework images in script mode only. "
            f"Use the image of {' or '.join(RUNNABLE)}, or run this on AWS.",
        )
    return name
