"""What a comparison found, as a row of results.json and as a line of a Markdown table."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """One comparison, both sides from one run.

    ratio: how much better ours is (other / ours for what should be small), or, where `aim_is_limit`, how much of the
    other ours needs (ours / other). aim: of the ratio; None where the row only informs. why: what holds it back,
    shown when the aim is missed.
    """

    name: str
    ours: float
    other: float
    other_is: str
    unit: str
    aim: float | None = None
    aim_is_limit: bool = False
    why: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.other if self.aim_is_limit else self.other / self.ours

    @property
    def met(self) -> bool | None:
        if self.aim is None:
            return None
        return self.ratio <= self.aim if self.aim_is_limit else self.ratio >= self.aim

    def to_json(self) -> dict[str, Any]:
        figures = {"ours": round(self.ours, 4), "other": round(self.other, 4), "ratio": round(self.ratio, 3)}
        return {**asdict(self), **figures, "met": self.met, "why": self.why if self.met is False else ""}


def document(rows: Iterable[Row]) -> dict[str, Any]:
    return {"machine": machine(), "date": date.today().isoformat(), "rows": [row.to_json() for row in rows]}


def machine() -> str:
    return f"{os.cpu_count()} cores, {_processor()}, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def write(found: dict[str, Any], folder: Path) -> None:
    (folder / "results.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "results.md").write_text(table(found), encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


def updated(before: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The rows of both, those of `found` in the place of their namesakes. Raises ValueError for another machine."""
    if before["machine"] != found["machine"]:
        raise ValueError(f"the results are of {before['machine']}, these rows of {found['machine']}: measure all")
    measured = {row["name"]: row for row in found["rows"]}
    kept = [measured.pop(row["name"], row) for row in before["rows"]]
    return {**found, "rows": [*kept, *measured.values()]}


def table(found: dict[str, Any]) -> str:
    """results.json for people."""
    lines = [
        f"{found['machine']}; {found['date']}. Written by `make bench` from results.json.",
        "",
        "| what | ours | other | the other is | ratio | aim | |",
        "|---|---|---|---|---|---|---|",
        *(_line(row) for row in found["rows"]),
    ]
    reasons = [f"- **{row['name']}**: {row['why']}" for row in found["rows"] if row["why"]]
    return "\n".join([*lines, *(["", *reasons] if reasons else [])]) + "\n"


def _line(row: dict[str, Any]) -> str:
    sign = "≤" if row["aim_is_limit"] else "≥"
    aim = "" if row["aim"] is None else f"{sign} {row['aim']:g}"
    verdict = {True: "met", False: "**missed**", None: ""}[row["met"]]
    ours, other = (f"{_figure(row[side])} {row['unit']}" for side in ("ours", "other"))
    return _cells([row["name"], ours, other, row["other_is"], f"{row['ratio']:.2f}", aim, verdict])


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
