from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.demo.document import document
from cli.demo.findings import Cloud
from cli.demo.stages import Finding, Results, Stage, StageFailedError, Tell, play
from cli.demo.waiting import wait_for


@dataclass(frozen=True)
class Number:
    value: int

    @property
    def summary(self) -> str:
        return f"the number {self.value}"

    @property
    def details(self) -> Sequence[str]:
        return ()


class Recorder:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def started(self, stage: Stage) -> None:
        self.seen.append(f"+{stage.name}")

    def told(self, stage: Stage, line: str) -> None:
        self.seen.append(f"{stage.name}:{line}")

    def ended(self, stage: Stage, seconds: float, finding: Finding) -> None:
        self.seen.append(f"={stage.name}:{finding.summary}")

    def failed(self, stage: Stage, seconds: float) -> None:
        self.seen.append(f"!{stage.name}")


def find(results: Results, tell: Tell) -> Number:
    tell("looking")
    return Number(3)


def use(results: Results, tell: Tell) -> Cloud:
    return Cloud(f"http://{results.get(Number).value}", Path("state"))


def break_down(results: Results, tell: Tell) -> Number:
    raise StageFailedError("it broke", Path("job.log"))


def stages(*functions) -> list[Stage]:
    return [Stage(function.__name__, function.__name__.title(), function) for function in functions]


def test_stages_run_in_order_and_see_what_was_found_before() -> None:
    recorder = Recorder()
    outcome = play(stages(find, use), recorder)
    assert recorder.seen == ["+find", "find:looking", "=find:the number 3", "+use", "=use:at http://3"]
    assert outcome.failure is None
    assert [timing.stage for timing in outcome.timings] == ["find", "use"]


def test_a_failure_ends_the_play_and_names_its_stage() -> None:
    recorder = Recorder()
    outcome = play(stages(use_nothing, find), recorder)
    assert recorder.seen == ["+use_nothing", "!use_nothing"]
    assert outcome.failure is not None
    assert outcome.failure.stage == "use_nothing"
    assert isinstance(outcome.failure.error, KeyError)


def use_nothing(results: Results, tell: Tell) -> Number:
    return results.get(Number)


def test_the_document_of_a_failure_has_stage_reason_and_the_nearest_log() -> None:
    found = document(play(stages(find, use, break_down), Recorder()), seconds=1.5)
    assert found["ok"] is False
    assert (found["stage"], found["reason"], found["log"]) == ("break_down", "it broke", "job.log")
    assert [stage["stage"] for stage in found["stages"]] == ["find", "use"]


def test_without_a_log_of_its_own_a_failure_points_at_the_clouds() -> None:
    found = document(play(stages(find, use, use_something_missing), Recorder()), seconds=1.5)
    assert found["log"] == "state/logs/localcloud.log"


def use_something_missing(results: Results, tell: Tell) -> Number:
    raise StageFailedError("nothing there")


def test_waiting_gives_what_was_found() -> None:
    answers = iter([None, None, "here"])
    assert wait_for("x", lambda: next(answers), 10, sleep=lambda _: None, clock=lambda: 0.0) == "here"


def test_waiting_ends() -> None:
    ticks = iter(range(100))
    with pytest.raises(StageFailedError, match="an upload starts a run within 5 s: it did not happen"):
        wait_for("an upload starts a run", lambda: None, 5, sleep=lambda _: None, clock=lambda: next(ticks))
