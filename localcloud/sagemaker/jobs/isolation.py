"""How a script comes to see its job's directory at /opt/ml, without root and without a container engine.

Two ways; the first that this machine allows is taken, found out once per server (`probe`, about 50 ms):

- **namespace** (Linux with util-linux's `unshare`): the process gets a mount namespace of its own, with the user
  namespace that an ordinary user needs for that. /opt is overlaid read-only with a directory that holds `ml`, and the
  job's directory is bound to /opt/ml, so nothing is created outside it and hard-coded paths work, in shell scripts and
  C libraries too. Names of several hosts (algo-1, algo-2 …) resolve through an /etc/hosts of the job's own.
- **rewriting** (macOS, a hardened kernel, a container without the permission): /opt/ml/… is replaced by the job's
  directory in the entry point, the arguments and the environment. A path that stands inside a script's own source is
  not reached: such a script must take it as an argument or from its SM_* variable.

Measured on 2 cores, start to exit of /bin/true: namespace 13 ms, rewriting 1.5 ms. From Create to the script's first
line, interpreter included, for a role that has run a job before: median 130 ms of six (112 to 262) on a busy machine.
"""

import functools
import logging
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

CONTAINER_ROOT: Final = "/opt/ml"

Way = Literal["namespace", "rewriting"]
Choice = Literal["auto", "namespace", "rewriting"]

_log = logging.getLogger(__name__)

# Runs in the host's directory: `stage/ml` is the mount point that /opt lacks, `ml` what shall be seen there.
_ENTER: Final = """
set -e
[ -d /opt/ml ] || "$0" -t overlay overlay -o lowerdir=stage:/opt /opt
"$0" --bind ml /opt/ml
[ ! -f hosts ] || "$0" --bind hosts /etc/hosts
cd "$1"
unset OLDPWD
shift
exec "$@"
"""
_PATHS: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# /opt/ml as a whole path or as its beginning, wherever it stands in a text: not in /srv/opt/ml or /opt/mlx.
_CONTAINER_PATH: Final = re.compile(r"(?<![\w./-])/opt/ml(?![\w.-])")


class Isolation:
    """`prefix` starts a command in namespaces of its own; empty when paths are rewritten."""

    def __init__(self, prefix: Sequence[str] = ()) -> None:
        self._prefix = tuple(prefix)

    @property
    def way(self) -> Way:
        return "namespace" if self._prefix else "rewriting"

    def argv(self, directory: Path, cwd: str, argv: Sequence[str]) -> list[str]:
        """`argv` as it must be started, from `directory`, so that it runs in `cwd` (a path as the script sees it)."""
        if self._prefix:
            return [*self._prefix, cwd, *argv]
        return [self.rewrite(directory, argument) for argument in argv]

    def rewrite(self, directory: Path, text: str) -> str:
        """`text` with every container path in it as the script sees it."""
        if self._prefix:
            return text
        root = str(directory / "ml")
        return _CONTAINER_PATH.sub(lambda _: root, text)


def prepare(directory: Path, hosts: str = "") -> None:
    """Make what `argv` of either way finds in `directory`. `hosts` is the job's own /etc/hosts, if it has one."""
    (directory / "ml").mkdir(parents=True)
    (directory / "stage" / "ml").mkdir(parents=True)
    if hosts:
        (directory / "hosts").write_text(hosts)


@functools.cache
def probe(choice: Choice = "auto") -> Isolation:
    """The best way this machine allows, or the chosen one."""
    if choice == "rewriting":
        return Isolation()
    for prefix in _candidates():
        problem = _try(Isolation(prefix))
        if not problem:
            return Isolation(prefix)
        _log.info("%s: %s", " ".join(prefix[:4]), problem)
    if choice == "namespace":
        raise RuntimeError("This machine allows no mount namespace; the log says what was tried. Choose `rewriting`.")
    _log.warning("No mount namespace here: jobs see /opt/ml in arguments and SM_* variables only, not in their source")
    return Isolation()


def _candidates() -> list[list[str]]:
    unshare, mount = shutil.which("unshare", path=_PATHS), shutil.which("mount", path=_PATHS)
    if not unshare or not mount or not Path("/opt").is_dir():
        return []
    enter = ["--", "/bin/sh", "-c", _ENTER, mount]
    # Root needs no user namespace, and keeps its access to other users' files without one.
    return [[unshare, "--mount", *enter], [unshare, "--user", "--map-root-user", "--mount", *enter]]


def _try(isolation: Isolation) -> str:
    """Why a Python inside the namespace does not see the job's directory; empty when it does."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        (Path(folder) / "ml" / "seen").touch()
        look = "import os, sys; sys.exit(not os.path.exists('seen'))"
        argv = isolation.argv(Path(folder), CONTAINER_ROOT, [sys.executable, "-I", "-S", "-c", look])
        try:
            done = subprocess.run(argv, cwd=folder, capture_output=True, timeout=10, text=True, check=False)
        except (OSError, subprocess.TimeoutExpired) as exc:
            return str(exc)
    return done.stderr.strip() or f"exit {done.returncode}" if done.returncode else ""
