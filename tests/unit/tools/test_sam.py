import os
from pathlib import Path

import pytest

from tools.sam import find_runtime, sam_environment


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def python(path: Path, exit_code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


def test_the_runtime_on_path_comes_first(nothing_installed: Path) -> None:
    on_path = python(nothing_installed / "bin/python3.13")
    python(nothing_installed / "pyenv/versions/3.13.2/bin/python3.13")
    assert find_runtime() == on_path


def test_a_shim_that_does_not_run_is_passed_over_for_pyenvs_newest(nothing_installed: Path) -> None:
    python(nothing_installed / "bin/python3.13", exit_code=127)
    python(nothing_installed / "pyenv/versions/3.13.0/bin/python3.13")
    newest = python(nothing_installed / "pyenv/versions/3.13.2/bin/python3.13")
    assert find_runtime() == newest
    assert sam_environment({"PATH": "/usr/bin"})["PATH"] == f"{newest.parent}{os.pathsep}/usr/bin"


def test_sam_sends_nothing_home_and_keeps_the_callers_region(nothing_installed: Path) -> None:
    settings = sam_environment({"AWS_DEFAULT_REGION": "eu-west-1"})
    assert settings["SAM_CLI_TELEMETRY"] == "0"
    assert settings["AWS_DEFAULT_REGION"] == "eu-west-1"
