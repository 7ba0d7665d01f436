"""Which levels of a categorical feature get a code of their own."""

from collections.abc import Mapping

from codec.cells import cell_text


def level_counts(raw_counts: Mapping[str | None, int], missing_values: frozenset[str]) -> dict[str, int]:
    """Rows by level, from rows by raw cell: spellings that mean the same level added up, missing cells left out."""
    counts: dict[str, int] = {}
    for raw, count in raw_counts.items():
        text = cell_text(raw)
        if count and text and text not in missing_values:
            counts[text] = counts.get(text, 0) + count
    return counts


def learn_levels(counts: Mapping[str, int], max_categories: int, rare_level_min_count: int) -> tuple[str, ...]:
    """The levels that get a code: not rare, at most max_categories of them (the most frequent), in text order."""
    frequent = [level for level, count in counts.items() if count >= rare_level_min_count]
    frequent.sort(key=lambda level: (-counts[level], level))
    return tuple(sorted(frequent[:max_categories]))
