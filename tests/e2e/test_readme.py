"""The README's commands, typed one after the other by a new user: a fresh clone, an empty directory, an empty HOME.

Every fence marked `sh` is run, in order, in one shell that stops at the first failure. A fence under
`<!-- not run by the tests: REASON -->` is not, and neither are the lines of RUN_ELSEWHERE.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
AWS = ROOT / ".tools/awscli/bin"

RUN_ELSEWHERE = {
    "make test": "this is `make test`",
    "make check": ".ci/run runs it",
    "make sam-local": ".ci/run runs it",
    ".ci/run": "it runs this",
}

_FENCE = re.compile(
    r"(?:<!-- not run by the tests: (?P<reason>[^\n]+?) -->\n+)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Fence:
    language: str
    body: str
    reason: str | None

    @property
    def commands(self) -> list[str]:
        lines = [line for line in self.body.splitlines() if not line.startswith(("git clone ", "cd sluice"))]
        return [line for line in lines if line.split("#")[0].strip() not in RUN_ELSEWHERE]


def fences(markdown: str) -> list[Fence]:
    found = [Fence(match["language"], match["body"], match["reason"]) for match in _FENCE.finditer(markdown)]
    return [fence for fence in found if fence.language == "sh"]


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """What `git clone` would give, taken from the working tree: what git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    root = tmp_path / "sluice"
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    (tmp_path / "home").mkdir()
    yield root
    sluice = root / ".venv/bin/sluice"
    if sluice.exists():
        subprocess.run([sluice, "down"], cwd=root, check=True)


def new_user(clone: Path) -> dict[str, str]:
    """An empty HOME, nobody's settings and little more than python3 and make on PATH.

    What this machine needs to reach its package registry is kept, and uv's cache, to download nothing twice.
    """
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("SSL_", "PIP_", "UV_"))}
    kept.update({name: os.environ[name] for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ})
    kept.setdefault("UV_CACHE_DIR", str(Path("~/.cache/uv").expanduser()))
    path = os.pathsep.join([str(AWS), f"{sys.base_prefix}/bin", "/usr/local/bin", "/usr/bin", "/bin"])
    return {**kept, "HOME": str(clone.parent / "home"), "PATH": path, "LANG": "C.UTF-8"}


def test_a_fence_is_run_unless_the_readme_says_why_not() -> None:
    markdown = (
        "```sh\ngit clone x\ncd sluice\nmake demo\nmake test   # all\n```\n"
        "<!-- not run by the tests: it needs an AWS account -->\n```sh\nsam deploy\n```\n```yaml\na: b\n```\n"
    )
    run, skipped = fences(markdown)
    assert (run.commands, run.reason) == (["make demo"], None)
    assert skipped.reason == "it needs an AWS account"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not README.exists(), reason="there is no README")
@pytest.mark.skipif(
    not AWS.exists(), reason="the README's AWS CLI is not installed: python3 tools/environment.py awscli"
)
def test_the_commands_of_the_readme_work_in_a_fresh_clone(clone: Path) -> None:
    commands = [line for fence in fences(README.read_text()) if fence.reason is None for line in fence.commands]
    assert commands
    script = "\n".join(["set -euo pipefail", "PS4='$ '; set -x", *commands])
    typed = subprocess.run(
        ["bash", "-c", script],
        cwd=clone,
        env=new_user(clone),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert typed.returncode == 0, typed.stdout[-8000:]
    assert list((clone.parent / "home").glob("*")) == [], "nothing is left in HOME"


@pytest.mark.skipif(not README.exists(), reason="there is no README")
def test_every_command_that_is_not_run_says_why() -> None:
    unsaid = [
        fence.body
        for fence in _plain_fences(README.read_text())
        if re.search(r"^(make|sluice|aws|sam) ", fence.body, re.M)
    ]
    assert unsaid == [], "mark these fences `sh`, so that they are run, or say above them why they are not"


def _plain_fences(markdown: str) -> list[Fence]:
    found = [Fence(match["language"], match["body"], match["reason"]) for match in _FENCE.finditer(markdown)]
    return [fence for fence in found if fence.language in ("", "bash", "shell", "console") and fence.reason is None]
