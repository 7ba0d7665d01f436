"""Captured traffic of the tiny model: what its endpoint was asked and answered, as data capture writes it."""

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np

from tests.unit.training_code.tiny import Pipeline

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
END = START + timedelta(hours=1)
FEATURES = ("income", "visits", "city")
JSON, CSV, JSON_LINES = "application/json", "text/csv", "application/jsonlines"


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def records(pipeline: Pipeline, count: int) -> list[dict[str, Any]]:
    """Rows of the data as a program would send them: numbers as numbers, a missing one as null."""
    with pipeline.data.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [
        {"income": float(row["income"]) if row["income"] else None, "visits": int(row["visits"]), "city": row["city"]}
        for row in rows[:count]
    ]


@cache
def _model(folder: Path) -> Any:
    from inference import model_fn

    return model_fn(str(folder))


def ask(pipeline: Pipeline, body: str, content_type: str = JSON, accept: str = JSON) -> str:
    """The endpoint's answer."""
    from inference import transform_fn

    answer = transform_fn(_model(pipeline.model), body, content_type, accept)
    assert isinstance(answer, tuple), answer
    return answer[0]


def line(
    event_id: str,
    sent: str,
    answered: str | None,
    at: datetime = START + timedelta(minutes=10),
    types: tuple[str, str] = (JSON, JSON),
    encodings: tuple[str, str] = ("JSON", "JSON"),
    inference_id: str = "",
) -> str:
    sides = {"endpointInput": (sent, types[0], encodings[0], "INPUT")}
    if answered is not None:
        sides["endpointOutput"] = (answered, types[1], encodings[1], "OUTPUT")
    data = {
        name: {"observedContentType": kind, "mode": mode, "data": text, "encoding": encoding}
        for name, (text, kind, encoding, mode) in sides.items()
    }
    metadata = {"eventId": event_id, "inferenceTime": iso(at)} | ({"inferenceId": inference_id} if inference_id else {})
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}, separators=(",", ":"))


def label_line(key: str, labels: str) -> str:
    truth = {"groundTruthData": {"data": labels, "encoding": "CSV"}, "eventMetadata": {"eventId": key}}
    return json.dumps({**truth, "eventVersion": "0"})


def simple_line(
    event_id: str, record: dict[str, Any], at: datetime = START + timedelta(minutes=10), **more: Any
) -> str:
    """A record, and an answer that no model gave."""
    answer = {"predictions": [{"probability": 0.25, "label": "No"}], "model_version": 6}
    return line(event_id, json.dumps(record), json.dumps(answer), at, **more)


@dataclass
class Check:
    """A job's folders. Each put() of captures, earlier captures and labels is a file more."""

    pipeline: Pipeline
    folder: Path
    plan: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.write_check(json.loads(self.pipeline.definition.read_text(encoding="utf-8")))

    def write_check(self, definition: dict[str, Any], **plan: Any) -> None:
        self.plan = {
            "format_version": 1,
            "check_id": "c1",
            "model": "tiny",
            "stage": "dev",
            "endpoint_name": "sluice-dev-tiny",
            "version": 6,
            "source": "captures",
            "engine": "scheduled-job",
            "window": {"start": iso(START), "end": iso(END)},
            "not_before": None,
            "lateness_hours": 24,
            "asked_at": iso(END),
            "new_labels": True,
            "operations": None,
            "history": [],
            **plan,
        }
        self.put("check/plan.json", json.dumps(self.plan))
        self.put("check/definition.json", json.dumps(definition))

    def put(self, name: str, content: str | bytes | Sequence[str]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else "".join(f"{one}\n" for one in content), "utf-8")
        return path

    def arguments(self, output: str = "output", *more: str) -> list[str]:
        given = ("check", "captures", "earlier", "ground-truth")
        folders = {name: self.folder / name for name in given} | {"model": self.pipeline.model}
        folders |= {name: self.pipeline.output / name for name in ("baseline", "evaluation")}
        inputs = [part for name, path in folders.items() for part in (f"--{name}", str(path))]
        return [*inputs, "--output", str(self.folder / output), *more]

    def run(self, *more: str) -> dict[str, Any]:
        """drift.json"""
        import monitor

        (self.folder / "captures").mkdir(exist_ok=True)
        monitor.main(self.arguments("output", *more))
        found: dict[str, Any] = self.read("drift.json")
        return found

    def read(self, name: str) -> Any:
        return json.loads((self.folder / "output" / name).read_text(encoding="utf-8"))

    def observe(self, measured_rows: int = 1_000_000, **more: Any) -> Any:
        """Observed, without what follows."""
        from definition import read_definition
        from evaluation.artifacts import open_artifact
        from monitoring.check_plan import read_plan
        from monitoring.observing import Context, Inputs, observe
        from monitoring.reference import read_reference
        from monitoring.window import window_of

        plan = read_plan(self.folder / "check")
        reference = read_reference(self.pipeline.output / "baseline", self.pipeline.output / "evaluation")
        work = self.folder / "work"
        rmtree(work, ignore_errors=True)
        work.mkdir()
        definition = read_definition(self.folder / "check")
        artifact = open_artifact(self.pipeline.model)
        context = Context(
            plan, window_of(plan), definition, reference, artifact, work, seed=42, measured_rows=measured_rows
        )
        inputs = Inputs(*(self.folder / name for name in ("captures", "earlier", "ground-truth", "labelled.csv")))
        return observe(inputs, context, **{"processes": 1, **more})


def same(one: Any, other: Any) -> bool:
    """Equal, arrays and NaN included."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__)
    return bool(one == other)
