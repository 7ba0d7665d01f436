"""How numbers and names stand in the gate's sentences: short, on one line, whatever the data call them."""

from collections.abc import Sequence

_NAME_LIMIT = 40
_SENTENCE_LIMIT = 300
_MOST_NAMES = 5


def measured(value: float) -> str:
    """A metric as people read it: four decimals of a share, none of an error in the thousands."""
    if abs(value) < 1000:
        return f"{value:.4f}"
    return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.4g}"


def signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{measured(abs(value))}"


def share(value: float) -> str:
    """0.265 is 26.5 %."""
    return f"{value * 100:.4g} %"


def one_line(text: str, limit: int = _NAME_LIMIT) -> str:
    """Names come from files: they may be long, or hold line breaks, which no approval description may."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def sentence(text: str) -> str:
    """What another program told, as one of our sentences."""
    flat = one_line(text, _SENTENCE_LIMIT)
    return flat if flat.endswith((".", "!", "?", "…")) else f"{flat}."


def listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    shown = ", ".join(one_line(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
