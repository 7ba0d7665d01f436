"""What the commands hand to the local cloud."""

from pathlib import Path

import pytest

from cli import local_cloud


def test_the_analyzer_is_the_training_codes_monitor_where_it_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (local_cloud.TRAINING_CODE / "train.py").is_file()
    monkeypatch.setattr(local_cloud, "TRAINING_CODE", tmp_path)
    assert local_cloud.analyzer() is None
    (tmp_path / "monitor.py").touch()
    assert local_cloud.analyzer() == tmp_path
