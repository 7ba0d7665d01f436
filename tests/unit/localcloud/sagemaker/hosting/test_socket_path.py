import shutil
import socket
from pathlib import Path

import pytest

from localcloud.sagemaker.hosting.socket_path import socket_path


@pytest.mark.parametrize("depth", [1, 12])
def test_a_socket_can_be_bound_however_deep_the_checkout_lies(tmp_path: Path, depth: int) -> None:
    base = tmp_path.joinpath(*["a-folder-with-a-name"] * depth)
    base.mkdir(parents=True)
    path = socket_path(base)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(path))
        assert path.parent.stat().st_mode & 0o077 == 0
    finally:
        shutil.rmtree(path.parent)
