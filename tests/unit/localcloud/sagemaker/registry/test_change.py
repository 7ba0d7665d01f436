import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.registry.change import changed_package

PACKAGE = {"ModelApprovalStatus": "Approved", "CustomerMetadataProperties": {"a": "1", "b": "2"}}


def test_properties_are_added_replaced_and_removed():
    request = {"CustomerMetadataProperties": {"b": "3", "c": "4"}, "CustomerMetadataPropertiesToRemove": ["a"]}
    after, fields = changed_package(PACKAGE, request)
    assert after["CustomerMetadataProperties"] == {"b": "3", "c": "4"}
    assert fields == ["CustomerMetadataProperties"]
    assert PACKAGE["CustomerMetadataProperties"] == {"a": "1", "b": "2"}


def test_what_stays_the_same_is_not_named():
    request = {"ModelApprovalStatus": "Approved", "CustomerMetadataProperties": {"a": "1"}}
    assert changed_package(PACKAGE, request) == (PACKAGE, [])


def test_additional_specifications_are_appended():
    first, fields = changed_package(PACKAGE, {"AdditionalInferenceSpecificationsToAdd": [{"Name": "x"}]})
    second, _ = changed_package(first, {"AdditionalInferenceSpecificationsToAdd": [{"Name": "y"}]})
    assert fields == ["AdditionalInferenceSpecifications"]
    assert second["AdditionalInferenceSpecifications"] == [{"Name": "x"}, {"Name": "y"}]


def test_a_package_holds_fifty_properties():
    request = {"CustomerMetadataProperties": {f"key{n}": "v" for n in range(49)}}
    with pytest.raises(ApiError, match="at most 50 customer metadata properties; this makes 51"):
        changed_package(PACKAGE, request)
