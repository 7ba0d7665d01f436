"""The edge of a job's process: a failure becomes a sentence where SageMaker looks for it, and exit code 1."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

# SageMaker keeps the first 1,024 characters of the failure file.
MESSAGE_LIMIT = 1024

OUTPUT_DIR = Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"))


class BadData(Exception):
    """The data or the definition must change. The message says what is wrong, where, and what to do."""


class Arguments(argparse.ArgumentParser):
    """A parser whose errors reach the failure file instead of leaving by exit code 2."""

    def __init__(self, description: str | None) -> None:
        super().__init__(
            description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
        )

    def error(self, message: str) -> None:  # type: ignore[override]
        raise BadData(f"{self.prog}: {message}. Run it with --help for its arguments.")


def run(main: Callable[[Sequence[str]], None], argv: Sequence[str], failure_file: Path) -> int:
    """The exit code of main(argv); `--failure-file` in argv overrides where a failure is written."""
    edge = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    edge.add_argument("--failure-file", type=Path, default=failure_file)
    known, rest = edge.parse_known_args(list(argv))
    try:
        main(rest)
    except BadData as error:
        return _fail(str(error), known.failure_file)
    except Exception:
        # The process ends here: whatever happened must reach the person who reads the job's failure reason.
        return _fail(_last_lines(traceback.format_exc()), known.failure_file)
    return 0


def end(code: int) -> NoReturn:
    """Ends the process; after a failure without the interpreter's own end.

    In it, an XGBoost that was in the middle of a collective call would crash, and the exit code be that of a crash.
    """
    if code:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(0)


def _last_lines(trace: str, count: int = 6) -> str:
    """The exception itself first, because readers may see only the start; then where it happened."""
    lines = trace.strip().splitlines()
    return "\n".join([f"Unexpected {lines[-1].strip()}", *lines[-1 - count : -1]])


def _fail(message: str, failure_file: Path) -> int:
    print(message, file=sys.stderr, flush=True)
    try:
        failure_file.parent.mkdir(parents=True, exist_ok=True)
        failure_file.write_text(message[:MESSAGE_LIMIT], encoding="utf-8")
    except OSError as error:
        print(f"(The failure could not be written to {failure_file}: {error})", file=sys.stderr, flush=True)
    return 1
