"""In processes of their own: pyarrow asks for pandas once a process."""

import os
import subprocess
import sys
from pathlib import Path

import evaluate

SCRIPTS = Path(evaluate.__file__).parent
CONVERSIONS = "pa.array(['a', None]); pa.scalar(1.5); pa.array(np.arange(3.0)).to_numpy()"


def _prints(program: str) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-c", f"import sys, numpy as np; {program}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def test_conversions_do_not_import_pandas():
    found = _prints(f"from lean_arrow import pyarrow as pa; {CONVERSIONS}; print('pandas' in sys.modules)")
    assert found == "False\n"


def test_pandas_can_still_be_used():
    found = _prints("from lean_arrow import pyarrow as pa; print(pa.table({'a': [1, 2]}).to_pandas()['a'].sum())")
    assert found == "3\n"


def test_where_pandas_is_imported_already_pyarrow_knows_it():
    found = _prints("import pandas as pd; from lean_arrow import pyarrow as pa; print(pa.array(pd.Series([1]))[0])")
    assert found == "1\n"
