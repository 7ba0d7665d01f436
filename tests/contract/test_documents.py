"""What the documents tell a reader to type exists, and what they link to is there. tests/e2e/test_readme.py runs it."""

import re
from pathlib import Path

import pytest

from cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]
)

_TYPED = re.compile(r"(?:`|^)(make|sluice) ([a-z][a-z-]*)", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_and_link_exists(document: Path) -> None:
    text = document.read_text()
    known = {"make": make_targets(), "sluice": set(COMMANDS)}
    unknown = [f"{program} {word}" for program, word in _TYPED.findall(text) if word not in known[program]]
    broken = [link for link in _LINK.findall(text) if not (document.parent / link).exists()]
    assert (unknown, broken) == ([], [])


def test_the_documents_are_read() -> None:
    typed = {f"{program} {word}" for document in DOCUMENTS for program, word in _TYPED.findall(document.read_text())}
    assert {"make demo", "sluice init", "make check"} <= typed
