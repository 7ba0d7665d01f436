"""What the server makes of its surroundings, and which MiniStack it accepts."""

from pathlib import Path

import pytest

from localcloud.errors import LocalCloudError
from localcloud.ministack_port.version import require_pinned
from localcloud.settings import Settings, server_environment

SETTINGS = Settings(Path("/state"), port=4570, time_scale=0.5)


def test_a_developers_credentials_and_profile_do_not_reach_the_server() -> None:
    inherited = {
        "AWS_PROFILE": "production",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SESSION_TOKEN": "real",
        "LAMBDA_EXECUTOR": "docker",
        "PYTHONPATH": "/elsewhere",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/bin",
    }

    environment = server_environment(SETTINGS, inherited)

    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4570"
    assert environment["LAMBDA_EXECUTOR"] == "local"
    assert environment["PATH"] == "/bin"
    assert environment.keys().isdisjoint({"AWS_PROFILE", "AWS_SESSION_TOKEN", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"})


def test_the_loopback_is_never_asked_of_a_proxy() -> None:
    environment = server_environment(SETTINGS, {"HTTP_PROXY": "http://proxy:3128", "no_proxy": "intranet"})

    assert environment["no_proxy"] == "intranet,127.0.0.1,localhost"
    assert "127.0.0.1" in environment["NO_PROXY"]


def test_iam_is_enforced_on_the_loopback_without_other_ports() -> None:
    environment = server_environment(SETTINGS, {})

    assert (environment["AUTH"], environment["BIND_HOST"], environment["GATEWAY_PORT"]) == ("true", "127.0.0.1", "4570")
    assert (environment["IOT_MTLS_ENABLED"], environment["SFTP_ENABLED"]) == ("0", "0")


def test_waits_follow_the_time_scale() -> None:
    environment = server_environment(SETTINGS, {})

    assert environment["SFN_WAIT_SCALE"] == "0.5"
    assert environment["LAMBDA_ASYNC_RETRY_BASE_SECONDS"] == "30.0"


def test_another_ministack_is_refused_with_what_to_install() -> None:
    require_pinned("1.5.33")

    with pytest.raises(LocalCloudError, match=r"built for ministack 1\.5\.33, and 1\.6\.0 is installed.*pip install"):
        require_pinned("1.6.0")
