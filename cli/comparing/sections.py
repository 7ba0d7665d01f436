"""A comparison as tables of text, for whichever way it is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cli.comparing.comparison import Comparison, MetricRow, Side
from cli.comparing.data_rows import Row
from cli.comparing.paired import Paired, PairedDifference
from cli.evaluation_numbers import Metric
from sluice.gate import measured

Tone = Literal["", "good", "bad", "loud", "muted"]


@dataclass(frozen=True)
class Cell:
    text: str
    tone: Tone = ""


NOTHING = Cell("-", "muted")


@dataclass(frozen=True)
class Section:
    """The first column names the row. `note` says how to read the table."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def sections_of(comparison: Comparison) -> list[Section]:
    """Without those that have nothing to say."""
    left, right = f"v{comparison.left.version}", f"v{comparison.right.version}"
    sections = [
        Section("Versions", ("", left, right), tuple(_sides(comparison.left, comparison.right))),
        *([_paired(comparison.paired)] if comparison.paired else []),
        _metrics(comparison, left, right),
        _hyperparameters(comparison.hyperparameters, left, right),
        _rows("Data", comparison.data, left, right),
        _features(comparison, left, right),
        _slices(comparison, left, right),
        _gain(comparison, left, right),
    ]
    return [section for section in sections if section.rows]


def headline(comparison: Comparison) -> str:
    return f"{comparison.model}: v{comparison.left.version} and v{comparison.right.version}"


def warning(comparison: Comparison) -> str:
    """Empty where both were measured on the same rows."""
    if not comparison.not_comparable:
        return ""
    instead = " Only the paired difference compares the models." if comparison.paired else ""
    reasons = " ".join(comparison.not_comparable)
    return f"NOT THE SAME TEST ROWS. {reasons} The difference of two numbers below may be that of the data.{instead}"


def _sides(left: Side, right: Side) -> Iterator[tuple[Cell, ...]]:
    both = (left, right)
    yield _line("approval", [side.status for side in both])
    yield _line("in production", [side.production or "no" for side in both])
    yield (Cell("gate"), *(_verdict(side) for side in both))
    yield _line("decision threshold", [None if side.threshold is None else f"{side.threshold:.4g}" for side in both])
    yield _line("run", [side.run_id for side in both])
    yield _line("data", [side.data_version for side in both])
    yield _line("training job", [side.training_job for side in both])
    yield _line("code", [side.code_sha256 and side.code_sha256[:12] for side in both])
    for number in range(max(len(left.reasons), len(right.reasons))):
        yield _line("gate's reasons" if number == 0 else "", [_at(side.reasons, number) for side in both])


def _verdict(side: Side) -> Cell:
    tones: dict[str | None, Tone] = {"pass": "good", "fail": "bad", "needs-human": "loud"}
    return Cell(side.verdict, tones.get(side.verdict, "")) if side.verdict else NOTHING


def _paired(paired: Paired) -> Section:
    rows = [_paired_row(one) for one in paired.differences]
    return Section(
        f"v{paired.challenger} against v{paired.champion} on the same test rows",
        ("metric", f"v{paired.champion}", f"v{paired.challenger}", "difference", "95 % interval", "shown"),
        tuple(rows),
        f"v{paired.champion} was the champion when v{paired.challenger} was evaluated, and both scored its test rows: "
        "an interval without 0 shows a difference.",
    )


def _paired_row(one: PairedDifference) -> tuple[Cell, ...]:
    tones: dict[str, Tone] = {"better": "good", "worse": "bad"}
    interval = f"{one.low:+.4f} to {one.high:+.4f}" if one.low is not None and one.high is not None else "not known"
    deviation = "" if one.standard_deviation is None else f" ± {measured(one.standard_deviation)}"
    return (
        Cell(one.metric),
        _value(one.champion),
        _value(one.challenger),
        Cell(f"{_signed(one.difference)}{deviation}"),
        Cell(interval),
        Cell(one.shown if one.shown != "nothing" else "not shown", tones.get(one.shown, "muted")),
    )


def _metrics(comparison: Comparison, left: str, right: str) -> Section:
    unlike = bool(comparison.not_comparable)
    note = (
        "Each on its own test rows: no comparison."
        if unlike
        else "Both on the same test rows; ± is one deviation each."
    )
    rows = tuple(_metric(row, unlike) for row in comparison.metrics)
    return Section("Metrics", ("metric", left, right, "difference"), rows, note)


def _metric(row: MetricRow, unlike: bool) -> tuple[Cell, ...]:
    tone: Tone = "muted" if unlike else "good" if row.better == "right" else "bad" if row.better == "left" else ""
    difference = NOTHING if row.difference is None else Cell(_signed(row.difference), tone)
    return (Cell(row.metric), _with_deviation(row.left), _with_deviation(row.right), difference)


def _with_deviation(metric: Metric | None) -> Cell:
    value, deviation = (metric or {}).get("value"), (metric or {}).get("standard_deviation")
    if value is None:
        return NOTHING
    return Cell(measured(value) + (f" ± {measured(deviation)}" if deviation is not None else ""))


def _rows(title: str, rows: Sequence[Row], left: str, right: str) -> Section:
    return Section(title, ("", left, right), tuple(_line(row.name, [row.left, row.right]) for row in rows))


def _hyperparameters(rows: Sequence[Row], left: str, right: str) -> Section:
    """A search proposes numbers of many digits."""
    short = tuple(_line(row.name, [_six_digits(row.left), _six_digits(row.right)]) for row in rows)
    return Section("Hyperparameters that differ", ("", left, right), short, "What is not given is the algorithm's own.")


def _six_digits(text: str | None) -> str | None:
    try:
        return f"{float(text):.6g}" if text is not None else None
    except ValueError:
        return text


def _features(comparison: Comparison, left: str, right: str) -> Section:
    changes = comparison.features
    named = (
        (f"only in {right}", changes.added),
        (f"only in {left}", changes.removed),
        ("another type", changes.retyped),
    )
    rows = tuple((Cell(what), Cell(", ".join(names))) for what, names in named if names)
    return Section("Features that differ", ("", "features"), rows)


def _slices(comparison: Comparison, left: str, right: str) -> Section:
    unlike: Tone = "muted" if comparison.not_comparable else ""
    rows = tuple(
        (
            Cell(one.part),
            Cell(f"{measured(one.left)} ({one.left_rows:,} rows)"),
            Cell(f"{measured(one.right)} ({one.right_rows:,} rows)"),
            Cell(_signed(one.difference), unlike),
        )
        for one in comparison.slices
    )
    metric = comparison.slices[0].metric if comparison.slices else ""
    return Section("Slices that differ most", ("slice", left, right, "difference"), rows, f"By {metric}.")


def _gain(comparison: Comparison, left: str, right: str) -> Section:
    rows = tuple((Cell(one.feature), _share(one.left), _share(one.right)) for one in comparison.gain)
    return Section("Gain by feature", ("feature", left, right), rows, "Shares of what each model's trees gain.")


def _line(name: str, values: Sequence[str | None]) -> tuple[Cell, ...]:
    return (Cell(name), *(Cell(value) if value else NOTHING for value in values))


def _at(texts: Sequence[str], number: int) -> str | None:
    return texts[number] if number < len(texts) else None


def _value(value: float | None) -> Cell:
    return NOTHING if value is None else Cell(measured(value))


def _share(share: float | None) -> Cell:
    return NOTHING if share is None else Cell(f"{share:.1%}")


def _signed(difference: float) -> str:
    return f"{difference:+.4f}" if abs(difference) < 1000 else f"{difference:+,.0f}"
