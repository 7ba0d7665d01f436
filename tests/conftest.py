"""What holds for every test: no way to a real AWS account, and a marker from the folder it lies in."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader

TESTS = Path(__file__).parent
FOLDER_MARKERS = ("unit", "contract", "integration", "e2e")

# Whatever the developer's shell holds, a test reaches only the endpoint it is handed.
_ISOLATED = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "SLUICE_"))]:
        del os.environ[name]
    os.environ.update(_ISOLATED)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if folder in FOLDER_MARKERS:
            item.add_marker(folder)


@pytest.fixture(scope="session", autouse=True)
def aws_models_are_read_once() -> Iterator[None]:
    """Each mocked account begins a new boto3 session, which would read AWS's service models again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", staticmethod(cache(JSONFileLoader().load_file)))
        yield
