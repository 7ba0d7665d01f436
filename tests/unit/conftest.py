"""Unit tests are pure: whoever opens a socket here fails. (Unix sockets stay: asyncio's own loop needs a pair.)"""

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
