"""Makes the environments that the Makefile needs, from requirements/*.txt and nothing else.

    python3 tools/environment.py local     .venv with what `make demo` needs
    python3 tools/environment.py dev       .venv with what the tests and checks need, too
    python3 tools/environment.py sam       .tools/sam: the SAM CLI (it pins its own dependencies; so do the next two)
    python3 tools/environment.py awscli    .tools/awscli: the AWS CLI
    python3 tools/environment.py images    .tools/images: the SageMaker SDK's core
    python3 tools/environment.py mlserver  .tools/mlserver, and likewise bentoml and uvicorn: servers for make bench

It runs under whatever python3 there is, so it uses the standard library alone, and nothing newer than Python 3.8.
An environment that is up to date costs one hash; two makes at a time wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
OLDEST, NEWEST = (3, 11), (3, 13)
OLDEST_UV = (0, 5)
STAMP = "sluice-environment.json"
NOT_COMPILED = r"site-packages/(.*/)?(tests|sympy|networkx|mpmath|moto|mypy|mypyc)/"
"""Half of all the code there is: packages' own tests, and what only the checks use, if they do."""


class EnvironmentProblem(Exception):
    """The user must act; the message says how."""


class Environment(NamedTuple):
    folder: Path
    requirements: str
    editable: bool = False
    contains: str = ""
    """Another environment in the same folder, whose packages this one holds as well."""


ENVIRONMENTS = {
    "local": Environment(ROOT / ".venv", "local", editable=True),
    "dev": Environment(ROOT / ".venv", "dev", editable=True, contains="local"),
    "sam": Environment(TOOLS / "sam", "sam"),
    "awscli": Environment(TOOLS / "awscli", "awscli"),
    "images": Environment(TOOLS / "images", "images"),
    "mlserver": Environment(TOOLS / "mlserver", "mlserver"),
    "bentoml": Environment(TOOLS / "bentoml", "bentoml"),
    "uvicorn": Environment(TOOLS / "uvicorn", "uvicorn"),
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in ENVIRONMENTS:
        print("usage: environment.py " + "|".join(ENVIRONMENTS), file=sys.stderr)
        return 2
    try:
        ensure(arguments[0])
    except EnvironmentProblem as problem:
        print("sluice: " + str(problem), file=sys.stderr)
        return 1
    return 0


def ensure(name: str) -> None:
    folder = ENVIRONMENTS[name].folder
    if is_current(name):
        return
    with one_at_a_time(folder.name):
        if is_current(name):
            return
        build(name_to_build(name))


def is_current(name: str) -> bool:
    stamp = read_stamp(ENVIRONMENTS[name].folder)
    built = stamp.get("name", "")
    return satisfies(built, name) and stamp == expected_stamp(built)


def satisfies(built: str, wanted: str) -> bool:
    return built == wanted or (built in ENVIRONMENTS and ENVIRONMENTS[built].contains == wanted)


def name_to_build(wanted: str) -> str:
    """What stands there already if it holds the wanted one: `make demo` must not undo `make test`."""
    built = read_stamp(ENVIRONMENTS[wanted].folder).get("name", "")
    return built if satisfies(built, wanted) else wanted


def read_stamp(folder: Path) -> dict[str, str]:
    try:
        stamp = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if (folder / "bin" / "python").exists() else {}


def expected_stamp(name: str) -> dict[str, str]:
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    digest.update(requirements_file(name).read_bytes())
    return {"name": name, "sha256": digest.hexdigest(), "checkout": str(ROOT)}


def requirements_file(name: str) -> Path:
    return ROOT / "requirements" / (ENVIRONMENTS[name].requirements + ".txt")


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / (name.lstrip(".") + ".busy")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(name: str) -> None:
    environment, started = ENVIRONMENTS[name], time.monotonic()
    (environment.folder / STAMP).unlink(missing_ok=True)
    uv = find_uv()
    python = environment.folder / "bin" / "python"
    if not is_supported(python):
        interpreter = find_interpreter()
        shutil.rmtree(environment.folder, ignore_errors=True)
        run_uv(uv, ["venv", "--python", interpreter, str(environment.folder)])
    say(f"Installing {requirements_file(name).relative_to(ROOT)} into {environment.folder.name} ...")
    into = ["--python", str(python)]
    run_uv(uv, ["pip", "sync", "--require-hashes", *into, str(requirements_file(name))])
    if environment.editable:
        run_uv(uv, ["pip", "install", "--no-deps", "--no-build-isolation", *into, "--editable", str(ROOT)])
    compile_bytecode(python)
    (environment.folder / STAMP).write_text(json.dumps(expected_stamp(name), indent=1) + "\n")
    say(f"{environment.folder.relative_to(ROOT)} stands ({time.monotonic() - started:.0f} s).")


def compile_bytecode(python: Path) -> None:
    """Now, and once: every function and job of the local cloud is a process of its own, and few of them may write."""
    for packages in python.parent.parent.glob("lib/python3*/site-packages"):
        command = [str(python), "-m", "compileall", "-q", "-j", "0", "-x", NOT_COMPILED, str(packages)]
        subprocess.run(command, stdout=subprocess.DEVNULL)  # a file that does not compile is never imported either


def find_interpreter() -> str:
    """The Python that $PYTHON names, else the one that runs this, else the newest one that fits on PATH."""
    asked = os.environ.get("PYTHON")
    if asked:
        if is_supported(asked):
            return asked
        raise EnvironmentProblem(f"PYTHON={asked} is not a Python {supported_range()}.")
    minors = range(NEWEST[1], OLDEST[1] - 1, -1)
    for candidate in [sys.executable, *(f"python3.{minor}" for minor in minors)]:
        if is_supported(candidate):
            return candidate
    raise EnvironmentProblem(
        "this needs Python {}, and python3 is {}.{} (the packages of SageMaker's XGBoost container have no builds "
        "for others). Install one of them, or name it: make PYTHON=/path/to/python3.13 ...".format(
            supported_range(), *sys.version_info[:2]
        )
    )


def supported_range() -> str:
    return "{}.{} to {}.{}".format(*OLDEST, *NEWEST)


def is_supported(python: Path | str) -> bool:
    # Asked by running it: a pyenv shim stands on PATH for versions that are not switched on.
    report = output_of([str(python), "-c", "import sys; print(*sys.version_info[:2])"])
    return report is not None and OLDEST <= tuple(int(part) for part in report.split()) <= NEWEST


def find_uv() -> str:
    on_path = shutil.which("uv")
    if on_path and is_recent_uv(on_path):
        return on_path
    private = TOOLS / "uv" / "bin" / "uv"
    if not (private.exists() and is_recent_uv(str(private))):
        with one_at_a_time("uv"):
            install_private_uv(private)
    return str(private)


def is_recent_uv(uv: str) -> bool:
    report = output_of([uv, "--version"])  # uv 0.13.8 (x86_64-unknown-linux-gnu)
    words = report.split() if report else []
    try:
        return tuple(int(part) for part in words[1].split(".")[:2]) >= OLDEST_UV
    except (IndexError, ValueError):
        return False


def install_private_uv(uv: Path) -> None:
    if uv.exists() and is_recent_uv(str(uv)):
        return
    say("No uv on PATH: installing one into .tools/uv ...")
    folder = uv.parent.parent
    made = subprocess.run([find_interpreter(), "-m", "venv", "--clear", str(folder)], stdout=subprocess.PIPE)
    if made.returncode != 0:
        shutil.rmtree(str(folder), ignore_errors=True)
        raise EnvironmentProblem(
            "this python3 cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv. "
            "Elsewhere install uv (pip install uv, brew install uv), which needs nothing from python3."
        )
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = ["--require-hashes", "--only-binary=:all:", "-r", str(ROOT / "requirements" / "uv.txt")]
    if subprocess.run(pip + wanted).returncode != 0:
        raise EnvironmentProblem("pip could not install uv (its message stands above).")


def run_uv(uv: str, arguments: list[str]) -> None:
    settings = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", **cache_settings()}
    settings.pop("VIRTUAL_ENV", None)
    if subprocess.run([uv, "--quiet", *arguments], cwd=str(ROOT), env=settings).returncode != 0:
        raise EnvironmentProblem("uv {} failed (its message stands above).".format(" ".join(arguments[:2])))


def cache_settings() -> dict[str, str]:
    """uv's own cache where it can be written; else one under .tools, for a home that is missing or read-only."""
    if "UV_CACHE_DIR" in os.environ:
        return {}
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    try:
        (usual / "uv").mkdir(parents=True, exist_ok=True)
        usable = os.access(str(usual / "uv"), os.W_OK)
    except OSError:
        usable = False
    return {} if usable else {"UV_CACHE_DIR": str(TOOLS / "uv-cache")}


def output_of(command: list[str]) -> str | None:
    try:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return None


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
