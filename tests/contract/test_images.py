"""The committed image table is what `make images` makes."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SDK_PYTHON = ROOT / ".tools/images/bin/python"


@pytest.mark.slow
@pytest.mark.skipif(not SDK_PYTHON.exists(), reason="the SageMaker SDK is not installed: make images")
def test_the_committed_table_is_what_the_sdk_knows(tmp_path: Path) -> None:
    made = tmp_path / "images.json"
    subprocess.run([SDK_PYTHON, ROOT / "tools/image_table.py", made], check=True)
    assert made.read_text() == (ROOT / "layers/shared/sluice/images.json").read_text()
