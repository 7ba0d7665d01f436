from pathlib import Path

import pytest

from tests.unit.training_code.monitoring.traffic import Check
from tests.unit.training_code.tiny import Pipeline


@pytest.fixture
def check(pipeline: Pipeline, tmp_path: Path) -> Check:
    return Check(pipeline, tmp_path)
