"""import-linter sees only folders that are packages: a folder without `__init__.py` would be outside every contract."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Programs of other processes, imported by none of ours.
NO_PACKAGES = {ROOT / "localcloud/sagemaker/jobs/clean_path", ROOT / "localcloud/sagemaker/monitoring/merger"}


@pytest.mark.parametrize("package", ["layers/shared/sluice", "functions", "localcloud", "cli"])
def test_every_folder_with_modules_is_a_package(package: str) -> None:
    folders = {module.parent for module in (ROOT / package).rglob("*.py")} - NO_PACKAGES
    assert sorted(str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()) == []
