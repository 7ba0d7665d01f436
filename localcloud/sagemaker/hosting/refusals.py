"""Request members that SageMaker would act on and the local cloud would not: named, never ignored."""

from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.api import ApiError


def invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def refuse_members(request: Mapping[str, Any], names: Iterable[str], place: str = "") -> None:
    """`place` is the path of `request` within the whole request, e.g. `ProductionVariants[0].`."""
    for name in names:
        if request.get(name):
            raise invalid(f"{place}{name} is not implemented by the local cloud; leave it out, or run this on AWS")


def refuse_in_request(request: Mapping[str, Any], names: Iterable[str]) -> None:
    """The same for the runtime, whose error has another name."""
    for name in names:
        if name in request:
            raise ApiError("ValidationError", f"{name} is not implemented by the local cloud; leave it out")
