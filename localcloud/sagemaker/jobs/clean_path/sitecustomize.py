"""Runs in every container's Python before anything else: what an image does not hold cannot be imported.

The local cloud's environment has its own checkout on the path, by an editable install. A script that imports from it
would work here and fail on AWS. What stays: the interpreter, its installed packages, and PYTHONPATH but this folder.
"""

import os
import sys

_this = os.path.dirname(__file__)  # noqa: PTH120 - pathlib would cost every job's start 5 ms
_given = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path != _this]
_held = tuple({sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix})
sys.path[:] = [path for path in sys.path if path in _given or path.startswith(_held)]
