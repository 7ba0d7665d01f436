"""What RunMonitor writes for a check is what monitor.py reads, its arguments included."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

import monitor
from monitoring.check_plan import read_plan, read_settings
from monitoring.window import window_of as window_read
from sluice.images import image_uri
from sluice.monitoring.check import CheckNames, Source, Subject, plan_document
from sluice.monitoring.job import VersionFiles, job_request
from sluice.monitoring.window import Window, batch_window, window_of
from sluice.plan import CodeVersion, Surroundings, definition_document
from sluice.rollout import PackageRef
from tests.definitions import definition

ASKED = datetime(2026, 11, 20, 21, 5, 30, 250_000, tzinfo=UTC)
WINDOWS: dict[str, tuple[Source, Window]] = {
    "scheduled": ("captures", window_of(ASKED, 1, now=False)),
    "now": ("captures", window_of(ASKED, 1, now=True)),
    "batch": ("batch", batch_window("261120210530-0123456789ab")),
}


def subject(source: Source) -> Subject:
    mode: Literal["batch", "serverless"] = "batch" if source == "batch" else "serverless"
    return Subject(PackageRef("arn:package/6", 6), source, "sluice-dev-churn", mode, ASKED - timedelta(hours=3))


def write(folder: Path, kind: str) -> CheckNames:
    source, window = WINDOWS[kind]
    names = CheckNames.of("dev", "churn", window, "cause")
    plan = plan_document(names, subject(source), window, 24, ASKED, "schedule", ["2026/11/20/12/l.csv"], True, None, [])
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "definition.json").write_text(definition_document(definition(monitoring={"enabled": True})))
    return names


@pytest.mark.parametrize("kind", WINDOWS)
def test_a_plan_is_read_as_it_was_meant(tmp_path: Path, kind: str) -> None:
    names = write(tmp_path, kind)

    plan, settings = read_plan(tmp_path), read_settings(tmp_path)

    assert (plan.check_id, plan.model, plan.version) == (names.check_id, "churn", 6)
    window = window_read(plan)
    assert (window.start, window.end) == tuple(
        each.timestamp() for each in (WINDOWS[kind][1].start, WINDOWS[kind][1].end)
    )
    assert settings.min_records == definition().monitoring.min_records


def test_the_moment_at_which_a_check_is_asked_for_counts() -> None:
    """The event that asks knows whole seconds only."""
    source, window = WINDOWS["now"]
    assert source == "captures"
    assert window.start <= ASKED < window.end
    assert window.end - window.start == timedelta(hours=1)


def test_the_jobs_arguments_are_monitors(tmp_path: Path) -> None:
    names = write(tmp_path, "scheduled")
    code = CodeVersion("abc", "s3://b/code/", "s3://b/sourcedir.tar.gz")
    surroundings = Surroundings("dev", "b", "arn:role", image_uri("xgboost", "us-east-1"), code, None)
    files = VersionFiles("s3://b/baseline/", "s3://b/evaluation/reference.json", "s3://b/model.tar.gz")
    manifests = {name: names.manifest(name) for name in ("captures", "earlier", "ground-truth")}

    request = job_request(names, "report/", files, manifests, definition().monitoring, surroundings)

    arguments: list[Any] = request["AppSpecification"]["ContainerArguments"]
    read = monitor.parse_arguments([one for one in arguments if not one.startswith("--failure-file=")])
    places = {each["InputName"]: each["S3Input"]["LocalPath"] for each in request["ProcessingInputs"]}
    assert {name: str(getattr(read, name.replace("-", "_"))) for name in monitor.INPUTS} == {
        name: places[name] for name in monitor.INPUTS
    }
    (report,) = request["ProcessingOutputConfig"]["Outputs"]
    assert str(read.output) == report["S3Output"]["LocalPath"]
