"""Runs the SAM CLI of .tools/sam in an environment that suits it.

    python -m tools.sam validate --lint
    python -m tools.sam build            says so, and exits 0, where there is no python3.13 to build with
    python -m tools.sam --must build     fails there

`sam build` compiles for the Lambda runtime, so it wants a python3.13 on PATH; pyenv and uv keep theirs elsewhere.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.environment import ROOT, TOOLS

SAM = TOOLS / "sam" / "bin" / "sam"
RUNTIME = "python3.13"
NO_RUNTIME = f"no {RUNTIME} on PATH, nor where pyenv and uv keep theirs"


def main(arguments: list[str]) -> int:
    must = arguments[:1] == ["--must"]
    command = arguments[1:] if must else arguments
    if command[:1] == ["build"] and find_runtime() is None:
        print(f"sam build {'is impossible' if must else 'skipped'}: {NO_RUNTIME}.", file=sys.stderr)
        return 1 if must else 0
    return subprocess.run([SAM, *command], cwd=ROOT, env=sam_environment(os.environ)).returncode


def sam_environment(base: Mapping[str, str]) -> dict[str, str]:
    """`base`, with the runtime first on PATH, nothing sent home, and SAM's own files under .tools instead of HOME."""
    settings = {"AWS_DEFAULT_REGION": "us-east-1", **base}
    settings.update(SAM_CLI_TELEMETRY="0", SAM_CLI_CHECK_NEW_VERSION="0", __SAM_CLI_APP_DIR=str(TOOLS / "sam-home"))
    runtime = find_runtime()
    if runtime is not None:
        settings["PATH"] = f"{runtime.parent}{os.pathsep}{settings.get('PATH', '')}"
    return settings


def find_runtime() -> Path | None:
    return next((path for path in _candidates() if _runs_with_pip(path)), None)


def _candidates() -> Iterator[Path]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(folder) / RUNTIME
    home = Path("~").expanduser()
    pyenv_roots = [os.environ.get("PYENV_ROOT"), _pyenv_root(), home / ".pyenv", "/root/.pyenv", "/opt/pyenv"]
    for root in dict.fromkeys(Path(root) for root in pyenv_roots if root):
        yield from _installed(root / "versions", "3.13*")
    yield from _installed(home / ".local/share/uv/python", "cpython-3.13*")


def _installed(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted((version / "bin" / RUNTIME for version in folder.glob(pattern)), reverse=True)
    except PermissionError:
        return []


def _pyenv_root() -> str | None:
    try:
        answer = subprocess.run(["pyenv", "root"], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _runs_with_pip(python: Path) -> bool:
    # Asked by running it: a pyenv shim stands on PATH for versions that are not switched on.
    try:
        return subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
