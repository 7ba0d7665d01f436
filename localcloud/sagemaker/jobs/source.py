"""The user's code: fetched, unpacked into /opt/ml/code, and made ready to run."""

import shutil
import tarfile
from pathlib import Path

from localcloud.sagemaker.jobs import toolkit
from localcloud.sagemaker.jobs.channels import Downloader
from localcloud.sagemaker.jobs.container import Container
from localcloud.sagemaker.jobs.failures import JobFailure, download_failed


def install(container: Container, script: toolkit.ScriptMode, downloader: Downloader) -> list[str]:
    """Unpack `sagemaker_submit_directory`; the names at its top. Raises JobFailure, saying what the archive lacks."""
    code = container.outside(toolkit.CODE_DIR)
    code.mkdir(parents=True, exist_ok=True)
    if script.submit_directory.startswith("s3://"):
        archive = container.directory / "sourcedir.tar.gz"
        downloader.fetch_file(script.submit_directory, archive)
        unpack(archive, code, script.submit_directory)
    elif script.submit_directory.endswith(".tar.gz"):
        unpack(container.outside(script.submit_directory), code, script.submit_directory)
    elif script.submit_directory and script.submit_directory.rstrip("/") != toolkit.CODE_DIR:
        _copy(container, script.submit_directory, code)
    names = sorted(entry.name for entry in code.iterdir())
    _check(code, script, names)
    return names


def unpack(archive: Path, target: Path, named: str) -> None:
    """By tarfile's `data` filter: nothing outside `target`, no devices, no links that lead out of it."""
    try:
        with tarfile.open(archive, "r:*") as tar:
            tar.extractall(target, filter="data")
    except (tarfile.TarError, EOFError, OSError) as exc:
        raise download_failed(f"{named} is not a tar archive that can be unpacked: {exc}") from exc


def installs_something(requirements: Path) -> bool:
    if not requirements.is_file():
        return False
    lines = (line.strip() for line in requirements.read_text(errors="replace").splitlines())
    return any(line and not line.startswith("#") for line in lines)


def _check(code: Path, script: toolkit.ScriptMode, names: list[str]) -> None:
    if installs_something(code / "requirements.txt"):
        raise JobFailure(
            "ClientError: requirements.txt in the source directory asks for packages, and the local cloud installs "
            "nothing when a job starts. Use what the framework image holds and take the file out of the archive, or "
            "put the packages into the local cloud's own environment and empty the file."
        )
    program = code / script.program
    if not program.is_file() and "setup.py" not in names:
        held = ", ".join(names) or "nothing"
        raise JobFailure(
            f"ClientError: {toolkit.PROGRAM} is {script.program}, but {script.submit_directory} holds {held}"
        )
    if program.is_file() and not script.program.endswith(".py"):
        program.chmod(0o755)


def _copy(container: Container, path: str, code: Path) -> None:
    try:
        shutil.copytree(container.outside(path), code, dirs_exist_ok=True)
    except (OSError, ValueError, shutil.Error) as exc:
        raise download_failed(f"{toolkit.SUBMIT_DIRECTORY} is {path}, which cannot be read: {exc}") from exc
