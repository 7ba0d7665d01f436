"""Bytecode of the jobs' own modules, kept by their content: each job has its code in a directory of its own, and would
compile it again."""

import hashlib
import importlib.util
import os
import py_compile
import shutil
import sys
from pathlib import Path
from typing import Final

# Data that happens to be Python is not worth the work.
_MAX_MODULES: Final = 200
_MAX_BYTES: Final = 1 << 20


def supply(directory: Path, cache: Path) -> None:
    """Put a pyc beside every module below `directory`, from `cache` where it has it.

    They are hash-based: the interpreter compares them with the source, so one that does not fit is never used.
    """
    modules = [path for path in directory.rglob("*.py") if path.is_file() and path.stat().st_size <= _MAX_BYTES]
    if len(modules) > _MAX_MODULES:
        return
    for module in modules:
        kept = cache / sys.implementation.cache_tag / f"{hashlib.sha256(module.read_bytes()).hexdigest()}.pyc"
        if kept.is_file() or _compile(module, kept):
            target = Path(importlib.util.cache_from_source(module))
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(kept, target)


def _compile(module: Path, kept: Path) -> bool:
    """False when it is no Python, which its import will tell better."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_name(f"{kept.name}.{os.getpid()}-{os.urandom(4).hex()}")
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    try:
        py_compile.compile(str(module), str(fresh), doraise=True, invalidation_mode=mode)
    except (py_compile.PyCompileError, ValueError):
        return False
    fresh.replace(kept)
    return True
