"""pyarrow without pandas: a job that never holds a data frame does not wait 0.5 s for pandas' import.

pyarrow imports pandas on the first pa.array(), pa.scalar() or compute call with a Python value, to recognise pandas'
own types, remembers the answer, and does without where pandas is absent. So it is asked once while pandas is hidden,
unless something imported pandas already. to_pandas() still imports it.
"""

import sys
from typing import Any

import pyarrow


class _Hidden:
    """A finder that stands before the others and finds no pandas."""

    @staticmethod
    def find_spec(name: str, _path: Any = None, _target: Any = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _settle_without_pandas() -> None:
    if "pandas" in sys.modules:
        return
    # None in sys.modules would not do: Cython's import statement takes it for the module.
    sys.meta_path.insert(0, _Hidden)  # type: ignore[arg-type]
    try:
        pyarrow.scalar(None)
    finally:
        sys.meta_path.remove(_Hidden)  # type: ignore[arg-type]


_settle_without_pandas()
