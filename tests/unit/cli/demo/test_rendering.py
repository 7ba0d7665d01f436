import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from rich.console import Console

from cli.demo.rendering import LiveReporter, PlainReporter
from cli.demo.stages import Finding, Results, Stage, Tell

Capture = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Done:
    summary: str = "all good"
    details: Sequence[str] = ("first detail", "second detail")


def nothing(results: Results, tell: Tell) -> Finding:
    return Done()


STAGE = Stage("run", "Preprocess, train, evaluate", nothing)


def test_plain_lines_one_per_event(capsys: Capture) -> None:
    reporter = PlainReporter()
    reporter.started(STAGE)
    reporter.told(STAGE, "Train …")
    reporter.ended(STAGE, 2.34, Done())
    assert capsys.readouterr().out.splitlines() == [
        "run: Preprocess, train, evaluate",
        "run:   Train …",
        "run: all good [2.3 s]",
        "run:   first detail",
        "run:   second detail",
    ]


def test_plain_lines_leave_stdout_to_the_document(capsys: Capture) -> None:
    reporter = PlainReporter(err=True)
    reporter.started(STAGE)
    reporter.failed(STAGE, 1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == "run: failed [1.0 s]"


def on_a_terminal(*lines: str, fails: bool = False) -> str:
    stream = io.StringIO()
    with LiveReporter(Console(file=stream, force_terminal=True, width=100, color_system=None)) as reporter:
        reporter.started(STAGE)
        for line in lines:
            reporter.told(STAGE, line)
        if fails:
            reporter.failed(STAGE, 2.34)
        else:
            reporter.ended(STAGE, 2.34, Done())
    return stream.getvalue()


def scrollback(screen: str) -> list[str]:
    """The lines that stay above the moving part."""
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", line) for line in screen.splitlines()]
    return [line.strip() for line in lines if line.startswith(("✓", "✗", "    "))]


def test_a_finished_stage_stays_with_its_lines_and_details() -> None:
    shown = scrollback(on_a_terminal("Train …", "Train: done in 2.0 s"))
    assert shown[-4].split("  ")[0] == "✓ Preprocess, train, evaluate"
    assert shown[-4].endswith("2.3 s all good")
    assert shown[-3:] == ["Train: done in 2.0 s", "first detail", "second detail"]


def test_what_was_under_way_when_a_stage_failed_stays_visible() -> None:
    shown = scrollback(on_a_terminal("Preprocess: done in 1.0 s", "Train …", fails=True))
    assert shown[-3].startswith("✗ Preprocess, train, evaluate")
    assert shown[-2:] == ["Preprocess: done in 1.0 s", "Train …"]
