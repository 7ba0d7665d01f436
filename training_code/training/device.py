"""Where XGBoost computes."""

import os
from collections.abc import Mapping
from pathlib import Path

from lean_xgboost import xgboost

_DEVICES = Path("/dev")


def choose_device(environ: Mapping[str, str] = os.environ, devices: Path = _DEVICES) -> str:
    """cuda where this XGBoost can use a GPU and one is visible to this process, else cpu."""
    hidden = environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    visible = not hidden and any(devices.glob("nvidia[0-9]*"))
    return "cuda" if visible and xgboost.build_info()["USE_CUDA"] else "cpu"
