"""Kills what the server started, once the server is gone however it went. Run as a script, by path: it imports nothing.

It reads its stdin, a pipe whose other end only the server holds: lines `+<pgid>` and `-<pgid>` keep the list of process
groups, and end-of-file means that the server is dead. Where /proc exists it also finds every process that carries the
server's mark in its environment, so that a child started a moment before the death, or one that left its group, goes too.
"""

import os
import signal
import sys

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


def _kill(kill, target):  # type: ignore[no-untyped-def]
    try:
        kill(target, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _marked(mark: bytes) -> list[int]:
    if not os.path.isdir("/proc/self"):  # noqa: PTH112 - pathlib would double this script's start time
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid() and _holds(name, mark)]  # noqa: PTH208


def _holds(pid: str, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:  # noqa: PTH123
            return mark in environ.read().split(b"\0")
    except OSError:
        return False


if __name__ == "__main__":
    main()
