"""The key: the column that identifies a row, so that it falls into the same split whenever it comes again."""

import re
from collections.abc import Iterable

from cli.errors import BadInputError
from cli.profiling.choices import KeyChoice
from cli.profiling.columns import Profile

# "id", "customer_id", "customerID", "user key", "id_customer"; not "paid" or "monkey".
_CAMEL_ENDING = re.compile(r"[a-z0-9](ID|Id|Key|UUID|Guid)$")
_WORD_ENDING = re.compile(r"(^|[_\s.-])(id|key|uuid|guid)$|^(id|key)[_\s.-]", re.IGNORECASE)


def choose_key(profiles: Iterable[Profile], given: str | None) -> KeyChoice | None:
    columns = list(profiles)
    if given is not None:
        return _given(columns, given)
    for column in columns:
        if looks_like_key(column):
            return KeyChoice(column.name, f"named like a key, a different value in each of {column.rows:,} rows")
    return None


def looks_like_key(column: Profile) -> bool:
    named = bool(_CAMEL_ENDING.search(column.name) or _WORD_ENDING.search(column.name))
    return named and column.is_unique and (not column.is_numeric or column.is_whole)


def _given(columns: list[Profile], name: str) -> KeyChoice:
    column = next((column for column in columns if column.name == name), None)
    if column is None:
        others = ", ".join(column.name for column in columns)
        raise BadInputError(f"--key {name}: no such column beside the target. The file has: {others}")
    if column.missing:
        raise BadInputError(f"--key {name}: {column.missing:,} rows have no key. Every row needs one")
    if not column.is_unique:
        counts = column.present.value_counts()
        raise BadInputError(
            f"--key {name}: {counts.index[0]!r} appears {counts.iloc[0]:,} times. A key identifies one row: "
            "choose another column, or remove the repeated rows"
        )
    return KeyChoice(name, f"given; a different value in each of {column.rows:,} rows")
