"""Why a job failed, in the words and within the limits of DescribeTrainingJob and DescribeProcessingJob."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

MAX_REASON: Final = 1024
_TRACEBACK: Final = "Traceback (most recent call last):"
_SIGKILL: Final = 137


class JobFailure(Exception):
    """The job cannot go on: the message becomes its FailureReason."""

    @property
    def reason(self) -> str:
        return clip(str(self))


def download_failed(why: str) -> JobFailure:
    return JobFailure(f"ClientError: Data download failed: {why}")


def upload_failed(why: str) -> JobFailure:
    return JobFailure(f"ClientError: Artifact upload failed: {why}")


def clip(text: str, limit: int = MAX_REASON) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def message_file(path: Path) -> str:
    """What the script left in its failure or message file; empty when it left none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MAX_REASON).strip()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ""


def first_told(paths: Sequence[Path]) -> int | None:
    """Which of several hosts' failure files was written first (the others tell of what followed); None without any."""
    told = [(path.stat().st_mtime_ns, at) for at, path in enumerate(paths) if message_file(path)]
    return min(told)[1] if told else None


def script_failure(exit_code: int, stderr: Sequence[str], command: str) -> str:
    """The training toolkit's words for a script that left no failure file; of stderr, the end must not be cut."""
    head = f'ExecuteUserScriptError:\nExitCode {exit_code}\nErrorMessage "'
    extra = '"\nExtraInfo "OutOfMemory: Process killed by SIGKILL (signal 9)' if exit_code == _SIGKILL else ""
    tail = f'{extra}"\nCommand "{clip(command, 160)}"'
    return head + last_error(stderr, MAX_REASON - 64 - len(head) - len(tail)) + tail


def algorithm_error(why: str, exit_code: int, host: str = "") -> str:
    """`host` names the machine of a job that has several."""
    suffix = f", exit code: {exit_code}"
    return clip(f"AlgorithmError: {f'{host}: ' if host else ''}{why}", MAX_REASON - len(suffix)) + suffix


def last_error(stderr: Sequence[str], limit: int) -> str:
    """The last traceback on stderr, or its last lines where there is none; cut from the front to `limit` characters."""
    lines = [line.rstrip() for line in stderr if line.strip()]
    start = max((at for at, line in enumerate(lines) if _TRACEBACK in line), default=max(0, len(lines) - 20))
    text = "\n".join(lines[start:])
    return text if len(text) <= limit else "…" + text[len(text) - limit + 1 :]


def exit_code(returncode: int) -> int:
    """A process ended by a signal reports 128 + its number, as a container does."""
    return 128 - returncode if returncode < 0 else returncode
