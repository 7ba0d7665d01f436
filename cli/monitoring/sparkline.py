"""A series of numbers as one word of blocks: enough to see since when something moves."""

from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_ABSENT = "·"


def sparkline(values: Sequence[float | None], bound: float | None = None) -> str:
    """The oldest first; None is a dot. The highest block is twice the bound, or the largest value where that is more.

    Without a bound the largest value alone is the measure.
    """
    known = [value for value in values if value is not None]
    top = max([*known, 2 * (bound or 0.0)], default=0.0)
    return "".join(_ABSENT if value is None else _block(value, top) for value in values)


def _block(value: float, top: float) -> str:
    if top <= 0:
        return _BLOCKS[0]
    return _BLOCKS[min(len(_BLOCKS) - 1, int(max(0.0, value) / top * len(_BLOCKS)))]
