"""The bootstrap as a new machine meets it: run as a program, from a copy of the checkout, with no uv on PATH."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "requirements", root / "requirements")
    (root / "tools").mkdir()
    shutil.copy(ROOT / "tools/environment.py", root / "tools")
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def ensure(checkout: Path, name: str, **settings: str) -> subprocess.CompletedProcess[str]:
    path = f"{checkout.parent / 'bin'}:/usr/bin:/bin"
    home = checkout.parent / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, checkout / "tools/environment.py", name],
        env={"PATH": path, "HOME": str(home), **settings},
        capture_output=True,
        text=True,
    )


def recording_uv(checkout: Path) -> Path:
    """A uv that writes down what it is asked for, and makes an environment of the running interpreter."""
    calls = checkout.parent / "uv-calls"
    program(
        checkout.parent / "bin",
        "uv",
        f'[ "$1" = --version ] && {{ echo "uv 0.9.1 (x86_64)"; exit; }}\n'
        f'echo "$*" >> {calls}; echo "UV_CACHE_DIR=$UV_CACHE_DIR" >> {calls}.env\n'
        f'[ "$2" != venv ] || {{ for last; do :; done; mkdir -p "$last/bin"; '
        f'printf \'#!/bin/sh\\nexec {sys.executable} "$@"\\n\' > "$last/bin/python"; chmod +x "$last/bin/python"; }}',
    )
    calls.touch()
    return calls


def test_an_environment_is_made_once(checkout: Path) -> None:
    calls = recording_uv(checkout)
    first, second = ensure(checkout, "local"), ensure(checkout, "local")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "requirements/local.txt" in first.stderr
    assert second.stderr == ""
    commands = [" ".join(line.split()[1:3]) for line in calls.read_text().splitlines()]
    assert commands == ["venv --python", "pip sync", "pip install"]


def test_two_makes_at_a_time_make_it_once(checkout: Path) -> None:
    calls = recording_uv(checkout)
    command = [sys.executable, str(checkout / "tools/environment.py"), "local"]
    settings = {"PATH": f"{checkout.parent / 'bin'}:/usr/bin:/bin", "HOME": str(checkout.parent)}
    makes = [subprocess.Popen(command, env=settings, stderr=subprocess.DEVNULL) for _ in range(3)]
    assert [make.wait() for make in makes] == [0, 0, 0]
    assert calls.read_text().count("pip sync") == 1


def test_the_demo_does_not_undo_what_the_tests_installed(checkout: Path) -> None:
    calls = recording_uv(checkout)
    assert ensure(checkout, "dev").returncode == 0
    calls.write_text("")
    assert ensure(checkout, "local").returncode == 0
    assert calls.read_text() == ""
    with (checkout / "requirements/dev.txt").open("a") as locked:
        locked.write("# newer\n")
    assert ensure(checkout, "local").returncode == 0
    assert "requirements/dev.txt" in calls.read_text()


def test_a_failed_install_is_tried_again(checkout: Path) -> None:
    recording_uv(checkout)
    assert ensure(checkout, "local").returncode == 0
    with (checkout / "requirements/local.txt").open("a") as locked:
        locked.write("# newer\n")
    uv = checkout.parent / "bin" / "uv"
    working = uv.read_text()
    uv.write_text(working + "\nexit 7\n")
    failed = ensure(checkout, "local")
    assert failed.returncode == 1
    assert "uv pip sync failed" in failed.stderr
    uv.write_text(working)
    assert "stands" in ensure(checkout, "local").stderr


def test_a_moved_checkout_is_installed_again(checkout: Path) -> None:
    recording_uv(checkout)
    assert ensure(checkout, "local").returncode == 0
    moved = checkout.rename(checkout.parent / "moved")
    assert "stands" in ensure(moved, "local").stderr
    assert json.loads((moved / ".venv/sluice-environment.json").read_text())["checkout"] == str(moved)


def test_a_home_that_cannot_be_written_is_not_used(checkout: Path) -> None:
    calls = recording_uv(checkout)
    (checkout.parent / "home").write_text("a file, so that nothing can be made under it")
    settings = {"PATH": f"{checkout.parent / 'bin'}:/usr/bin:/bin", "HOME": str(checkout.parent / "home")}
    command = [sys.executable, str(checkout / "tools/environment.py"), "local"]
    assert subprocess.run(command, env=settings, stderr=subprocess.DEVNULL).returncode == 0
    assert f"UV_CACHE_DIR={checkout}/.tools/uv-cache" in Path(f"{calls}.env").read_text()


def test_a_python_that_does_not_fit_is_refused_with_what_fits(checkout: Path) -> None:
    too_new = program(checkout.parent / "bin", "python-next", "echo 3 14")
    answer = ensure(checkout, "local", PYTHON=str(too_new))
    assert answer.returncode == 1
    assert "is not a Python 3.11 to 3.13" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_python_without_venv_is_answered_with_the_package_to_install(checkout: Path) -> None:
    stripped = program(
        checkout.parent / "bin", "python-stripped", f'[ "$1" != -m ] || exit 1\nexec {sys.executable} "$@"'
    )
    answer = ensure(checkout, "local", PYTHON=str(stripped))
    assert answer.returncode == 1
    assert "apt install python3-venv" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_old_uv_is_passed_over(checkout: Path) -> None:
    program(checkout.parent / "bin", "uv", "echo uv 0.1.2")
    stripped = program(
        checkout.parent / "bin", "python-stripped", f'[ "$1" != -m ] || exit 1\nexec {sys.executable} "$@"'
    )
    assert "No uv on PATH" in ensure(checkout, "local", PYTHON=str(stripped)).stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_alone_lists_every_target() -> None:
    answer = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    phony = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    listed = [line.split()[0] for line in answer.stdout.splitlines() if line.startswith("  ")]
    assert listed == phony.split()[1:]
