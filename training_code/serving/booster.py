"""What the model says about encoded rows: scores, and what each feature contributed to them."""

import ctypes
import json
import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lean_xgboost import xgboost

Matrix = npt.NDArray[np.float32]

_PREDICT = {
    "type": 0,
    "training": False,
    "iteration_begin": 0,
    "iteration_end": 0,
    "strict_shape": False,
    "cache_id": 0,
}
_CONFIG = json.dumps({**_PREDICT, "missing": math.nan}).encode()
_INTERFACE = '{"data": [%d, true], "shape": [%d, %d], "typestr": "<f4", "version": 3}'


@cache
def _library() -> Any:
    """xgboost's C library, which the package has loaded already: opening it again gives the same one."""
    from xgboost.libpath import find_lib_path

    return ctypes.CDLL(find_lib_path()[0])


def scores_of(booster: Any, matrix: Matrix) -> Matrix:
    """What Booster.inplace_predict gives for a float32 matrix in C order, for half its price on one row.

    It calls the same function of xgboost's C API (XGBoosterPredictFromDense) without looking what kind of table it
    was given. Shape: (rows,), or (rows, classes).
    """
    if not len(matrix):
        return np.empty(0, dtype=np.float32)
    shape, dims = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
    scores = ctypes.POINTER(ctypes.c_float)()
    interface = (_INTERFACE % (matrix.ctypes.data, *matrix.shape)).encode()
    out = (ctypes.byref(shape), ctypes.byref(dims), ctypes.byref(scores))
    failed = _library().XGBoosterPredictFromDense(booster.handle, interface, _CONFIG, None, *out)
    if failed:
        # The public function fails likewise, with a message.
        found: Matrix = booster.inplace_predict(matrix, validate_features=False)
        return found
    sizes = shape[: dims.value]
    # The library keeps the memory and uses it again: string_at copies it.
    return np.frombuffer(ctypes.string_at(scores, 4 * math.prod(sizes)), dtype=np.float32).reshape(sizes)


def contributions_of(booster: Any, matrix: Matrix, feature_types: list[str]) -> Matrix:
    """SHAP values in the model's own unit before its last function (binary: log-odds). A row's sum is its margin.

    Shape: (rows, features + 1), or (rows, classes, features + 1); the last is the bias, what an average row gets.
    """
    data = xgboost.DMatrix(matrix, feature_types=feature_types, enable_categorical=True)
    found: Matrix = booster.predict(data, pred_contribs=True, validate_features=False)
    return found
