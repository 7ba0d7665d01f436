"""requirements/*.txt say which files are right, and not where somebody fetched them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKED = sorted([*ROOT.glob("requirements/*.txt"), ROOT / "layers/shared/requirements.txt"])
LOCKED = [path for path in LOCKED if path.name != "overrides.txt"]

_PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)(\[[a-z0-9,-]+\])?==(?P<version>\S+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return {match["name"]: match["version"] for match in _PIN.finditer(path.read_text().lower())}


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_has_hashes_and_no_address_is_recorded(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"://|find-links|index-url|trusted-host|@ file", text)
    blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    assert blocks
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_pin_asked_for_is_the_one_that_was_compiled(path: Path) -> None:
    asked = pins(path.with_suffix(".in"))
    compiled = pins(path)
    assert {name: compiled.get(name) for name in asked} == asked


@pytest.mark.parametrize("smaller", ["requirements/local.txt", "layers/shared/requirements.txt"])
def test_what_the_tests_run_with_is_what_the_demo_and_the_lambdas_run_with(smaller: str) -> None:
    tested = pins(ROOT / "requirements/dev.txt")
    shipped = pins(ROOT / smaller)
    assert shipped.items() <= tested.items()
