import subprocess
from pathlib import Path

import pytest

from cli.commit import clean_commit


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_a_clean_checkout_has_a_commit(checkout: Path) -> None:
    assert clean_commit(checkout) == git(checkout, "rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["file", "another"])
def test_a_changed_one_has_none(checkout: Path, name: str) -> None:
    (checkout / name).write_text("two")
    assert clean_commit(checkout) is None


def test_a_folder_inside_somebody_elses_checkout_has_none(checkout: Path) -> None:
    (checkout / "copy").mkdir()
    assert clean_commit(checkout / "copy") is None


def test_without_git_there_is_none(tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clean_commit(tmp_path / "nowhere") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert clean_commit(checkout) is None
