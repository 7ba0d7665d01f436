"""python3 merge.py: joins captured requests with what really happened, each line by its inference id or event id.

Reads JSON lines below `dataset_source` and `ground_truth_source`; writes below `output_path`, at each capture's own
path, the records that have an answer, with it. Runs in a job's container, with Python's own library alone.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main() -> None:
    told = os.environ
    captures, output = Path(told["dataset_source"]), Path(told["output_path"])
    truth = read_truth(Path(told["ground_truth_source"]))
    merged = total = 0
    for file in files_below(captures):
        records = list(read(file, "captureData"))
        joined = [record for record in map(truth_added(truth), records) if record]
        total, merged = total + len(records), merged + len(joined)
        if joined:
            target = output / file.relative_to(captures)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("".join(f"{json.dumps(record, separators=(',', ':'))}\n" for record in joined))
    print(f"{merged} of {total} captured records have ground truth, of which there are {len(truth)}")


def read_truth(folder: Path) -> dict[str, Any]:
    """`groundTruthData` by id; of several with one id, the last by the files' names."""
    records = (record for file in files_below(folder) for record in read(file, "groundTruthData"))
    return {str(record["eventMetadata"]["eventId"]): record["groundTruthData"] for record in records}


def truth_added(truth: dict[str, Any]) -> Any:
    def added(record: dict[str, Any]) -> dict[str, Any] | None:
        about = record["eventMetadata"]
        found = truth.get(str(about.get("inferenceId") or about["eventId"]))
        return {**record, "groundTruthData": found} if found is not None else None

    return added


def read(file: Path, member: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                record = json.loads(line)
                record["eventMetadata"]["eventId"], record[member]
            except (ValueError, LookupError, TypeError) as exc:
                raise SystemExit(f"{file}, line {number}: no record with {member} and an eventId ({exc!r})") from exc
            yield record


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
