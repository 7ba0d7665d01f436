from pathlib import Path

import pytest

from lean_xgboost import xgboost
from training.device import choose_device


def test_without_a_device_file_it_is_the_cpu(tmp_path: Path):
    assert choose_device({}, tmp_path) == "cpu"


@pytest.mark.skipif(not xgboost.build_info()["USE_CUDA"], reason="this XGBoost is built without CUDA")
def test_with_one_it_is_the_gpu_unless_that_is_hidden(tmp_path: Path):
    (tmp_path / "nvidia0").touch()
    assert choose_device({}, tmp_path) == choose_device({"CUDA_VISIBLE_DEVICES": "0"}, tmp_path) == "cuda"
    assert choose_device({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == "cpu"
    assert choose_device({"CUDA_VISIBLE_DEVICES": "-1"}, tmp_path) == "cpu"
