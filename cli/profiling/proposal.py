"""The whole table: target, key, features and what is left out."""

from collections.abc import Sequence

import pandas as pd

from cli.errors import BadInputError
from cli.profiling.choices import DropChoice, FeatureChoice, KeyChoice, Proposal
from cli.profiling.columns import Profile, judge, profile
from cli.profiling.key_column import choose_key, looks_like_key
from cli.profiling.leakage import leakage_warnings
from cli.profiling.target_column import choose_target, known_labels


def propose(frame: pd.DataFrame, target: str, key: str | None = None) -> Proposal:
    """`frame` holds text only, as read_table gives it.

    Raises BadInputError when target or key cannot be used, or no column is left to learn from.
    """
    choice, warnings = choose_target(frame, target)
    if key == target:
        raise BadInputError(f"--key {key}: that is the target. Choose another column, or leave --key out")
    profiles = [profile(frame[name]) for name in frame.columns if name != target]
    key_choice = choose_key(profiles, key)
    others = [column for column in profiles if key_choice is None or column.name != key_choice.name]
    judged = [_another_key(column) or judge(column) for column in others]
    features = tuple(one for one in judged if isinstance(one, FeatureChoice))
    if not features:
        raise BadInputError(_nothing_left([one for one in judged if isinstance(one, DropChoice)]))
    used = {feature.name for feature in features}
    kept = [column for column in others if column.name in used]
    return Proposal(
        rows=len(frame),
        target=choice,
        key=key_choice,
        features=features,
        dropped=tuple(one for one in judged if isinstance(one, DropChoice)),
        extra_missing_values=tuple(
            sorted({word for column in (profile(frame[target]), *kept) for word in column.extra_missing})
        ),
        warnings=warnings + _key_warning(key_choice) + leakage_warnings(kept, choice, known_labels(frame, choice)),
    )


def _another_key(column: Profile) -> DropChoice | None:
    if not looks_like_key(column):
        return None
    return DropChoice(column.name, f"named like a key, a different value in each of {column.rows:,} rows")


def _nothing_left(dropped: Sequence[DropChoice]) -> str:
    reasons = "; ".join(f"{one.name}: {one.evidence}" for one in dropped)
    return (
        f"no column to learn from: {reasons or 'the file holds the target and the key only'}. Add features to the file"
    )


def _key_warning(key: KeyChoice | None) -> tuple[str, ...]:
    if key is not None:
        return ()
    return (
        "no key: rows are told apart by their content, so two equal rows count as one row. Give --key if there is one",
    )
