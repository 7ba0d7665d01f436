"""Kills what the server started, once the server is gone however it went. Run as a script, by path.

It reads its stdin, a pipe whose other end only the server holds: lines `+<pgid>` and `-<pgid>` keep the list of process
groups, and end-of-file means that the server is dead. Where /proc exists it also finds every process that carries the
server's mark in its environment: a child started a moment before the death, or one that left its group, goes too.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

OWNER_VARIABLE = "LOCALCLOUD_OWNER"


def main() -> None:
    owner, server_group = sys.argv[1], int(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = {server_group} if server_group else set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        _kill(os.killpg, group)
    # Twice: a marked process may start another one between the listing and its own death.
    for _ in range(2):
        for pid in _marked(f"{OWNER_VARIABLE}={owner}".encode()):
            _kill(os.kill, pid)


def _kill(kill: Callable[[int, int], None], target: int) -> None:
    try:
        kill(target, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _marked(mark: bytes) -> list[int]:
    running = Path("/proc").glob("[0-9]*")
    return [int(folder.name) for folder in running if int(folder.name) != os.getpid() and _holds(folder, mark)]


def _holds(process: Path, mark: bytes) -> bool:
    try:
        return mark in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


if __name__ == "__main__":
    main()
