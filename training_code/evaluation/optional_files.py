"""Files that an evaluation can do without: one that is broken is left out and said so; the model was trained."""

import json
import sys
from pathlib import Path
from typing import Any

from job import BadData


def read_object(folder: Path, name: str) -> dict[str, Any] | None:
    """A JSON object; None where there is no such file. BadData where it is something else."""
    try:
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        # Also a number that is none, such as 1e999, which could not be written again.
        json.dumps(document, allow_nan=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise BadData(f"{folder.name}/{name} cannot be read: {error}.") from error
    if not isinstance(document, dict):
        raise BadData(f"{folder.name}/{name} is not a JSON object.")
    return document


def object_if_whole(folder: Path, name: str) -> dict[str, Any] | None:
    """As read_object; None, and a line on stderr, where it is broken."""
    try:
        return read_object(folder, name)
    except BadData as error:
        leave_out(str(error))
        return None


def leave_out(reason: str) -> None:
    print(f"{reason} The evaluation goes on without it.", file=sys.stderr, flush=True)
