"""The `sluice` command as a user types it: another process, in a directory of its own, with a bare environment."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


@dataclass
class Shell:
    """`variables` are exported from one command to the next, as in a shell."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def sluice(self, *arguments: str, limit_seconds: float = 240) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=limit_seconds,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def evaluate(self, exports: str) -> None:
        """What `eval` does with `export NAME=value` lines; anything else would be run as a command."""
        for line in exports.splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            assert line.startswith("export "), line
            self.variables[name] = value

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")]), **self.variables}


def processes_of(folder: Path) -> list[str]:
    """The command lines of processes that work in a folder or name it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((entry / "cwd").readlink())
        except OSError:  # it ended while we looked, or it is another user's
            continue
        if str(folder) in command or where.startswith(str(folder)):
            found.append(command)
    return found
