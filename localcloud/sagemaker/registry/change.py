"""What UpdateModelPackage makes of a package: pure."""

from collections.abc import Mapping
from typing import Any, Final

from localcloud.api import ApiError

MAX_PROPERTIES: Final = 50

_REPLACED: Final = (
    "ModelApprovalStatus",
    "ModelPackageRegistrationType",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)


def changed_package(package: Mapping[str, Any], request: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The package after the request, and the names of the members that differ: UpdatedModelPackageFields."""
    after = dict(package) | {name: request[name] for name in _REPLACED if name in request}
    had = package.get("CustomerMetadataProperties", {})
    properties = _properties(had, request)
    additional = [
        *package.get("AdditionalInferenceSpecifications", []),
        *request.get("AdditionalInferenceSpecificationsToAdd", []),
    ]
    after |= {"CustomerMetadataProperties": properties} if properties != had else {}
    after |= {"AdditionalInferenceSpecifications": additional} if additional else {}
    return after, sorted(name for name in after if after[name] != package.get(name))


def _properties(before: Mapping[str, str], request: Mapping[str, Any]) -> dict[str, str]:
    removed = request.get("CustomerMetadataPropertiesToRemove", [])
    merged = dict(before) | request.get("CustomerMetadataProperties", {})
    kept = {name: value for name, value in merged.items() if name not in removed}
    if len(kept) > MAX_PROPERTIES:
        raise ApiError(
            "ValidationException",
            f"A model package can have at most {MAX_PROPERTIES} customer metadata properties; this makes {len(kept)}",
        )
    return kept
