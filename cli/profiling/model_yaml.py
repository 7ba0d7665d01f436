"""Writes a proposal as `model.yaml`: what was chosen, and beside each choice what it was chosen by."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from cli.profiling.choices import Proposal
from cli.profiling.columns import MISSING_VALUES
from cli.profiling.policy_yaml import policy_lines
from sluice.naming import MODEL_NAME_MAX_LENGTH

_FALLBACK_NAME = "model"


def model_name_from(file: Path) -> str:
    """A file's name as a model name: small letters, digits and single hyphens, a letter first."""
    stem = Path(file.name.removesuffix(".gz")).stem
    slug = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")
    slug = re.sub(r"^[^a-z]+", "", slug)[:MODEL_NAME_MAX_LENGTH].strip("-")
    return slug or _FALLBACK_NAME


def render(
    proposal: Proposal, name: str, source: str, looked_at: str, tune: bool = False, retrain: bool = False
) -> str:
    """`looked_at` says how much of `source` was read, for the first line; `tune` switches the search on, `retrain` lets
    drift start a run."""
    head = _lines(proposal, name, source, looked_at)
    return "\n".join([*head, *policy_lines(proposal.target.task, tune, retrain)]) + "\n"


def _lines(proposal: Proposal, name: str, source: str, looked_at: str) -> Iterator[str]:
    yield f"# Written by `sluice init` from {source} ({looked_at}). Check the choices; every field is yours to change."
    for warning in proposal.warnings:
        yield f"# CHECK {warning}"
    yield f"name: {_scalar(name)}"
    yield ""
    yield "data:"
    yield from _roles(proposal)
    yield "  features:"
    width = max(len(_scalar(feature.name)) for feature in proposal.features)
    for feature in proposal.features:
        field = f"{_scalar(feature.name)}:".ljust(width + 1)
        yield f"    {field} {{type: {feature.type}}}".ljust(width + 28) + f"  # {feature.evidence}"
    yield from _dropped(proposal)
    yield from _missing_values(proposal)
    yield "  mode: snapshot  # the newest file is the data set; append: all files under raw/ together are"


def _roles(proposal: Proposal) -> Iterator[str]:
    target = proposal.target
    yield f"  target: {_scalar(target.name)}"
    if target.positive is None:
        yield f"  task: {target.task}  # {target.evidence}"
    else:
        yield "  task: binary"
        yield f"  positive_label: {_label(target.positive)}  # {target.evidence}"
    if proposal.key:
        yield f"  key: {_scalar(proposal.key.name)}  # {proposal.key.evidence}"
    else:
        yield "  key: null  # no column is named like a key and different in every row"


def _dropped(proposal: Proposal) -> Iterator[str]:
    if not proposal.dropped:
        yield "  drop: []  # nothing constant, id-like or free text was found"
        return
    yield "  drop:"
    for one in proposal.dropped:
        yield f"    - {_scalar(one.name)}  # {one.evidence}"


def _missing_values(proposal: Proposal) -> Iterator[str]:
    if proposal.extra_missing_values:
        listed = ", ".join(_quoted(value) for value in (*MISSING_VALUES, *proposal.extra_missing_values))
        found = ", ".join(repr(value) for value in proposal.extra_missing_values)
        yield f"  missing_values: [{listed}]  # the usual ones and {found}, found among numbers"


def _label(text: str) -> str:
    """A whole number stays one; anything else is quoted, since YAML reads a bare Yes as true."""
    return text if re.fullmatch(r"0|-?[1-9]\d*", text) else _quoted(text)


def _quoted(text: str) -> str:
    return _dumped(text, style='"')


def _scalar(text: str) -> str:
    return _dumped(text, style=None)


def _dumped(text: str, style: str | None) -> str:
    dumped = yaml.safe_dump(text, default_style=style, allow_unicode=True, width=2**20)
    return str(dumped).removesuffix("\n").removesuffix("...").removesuffix("\n")
