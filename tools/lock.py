"""make lock: compiles requirements/*.in into *.txt with hashes, for Python 3.11 to 3.13 on every platform.

Pins that still fit are kept; `--upgrade` takes newer versions. Everything that shares .venv is compiled against
local.txt, and so is the Lambda layer: what the tests ran with is what AWS runs.
"""

import os
import subprocess
import sys

from tools.environment import ROOT, cache_settings, find_uv

LOCAL = "requirements/local.txt"
INPUTS = {
    "requirements/local.in": None,
    "requirements/dev.in": LOCAL,
    "layers/shared/requirements.in": LOCAL,
    "requirements/uv.in": None,
    "requirements/sam.in": None,
    "requirements/awscli.in": None,
    "requirements/images.in": None,
    "requirements/mlserver.in": None,
    "requirements/bentoml.in": None,
    "requirements/uvicorn.in": None,
}


def main(options: list[str]) -> int:
    settings = {**os.environ, **cache_settings(), "UV_CUSTOM_COMPILE_COMMAND": "make lock"}
    for source, constraints in INPUTS.items():
        print(f"{source} ...", file=sys.stderr, flush=True)
        command = [find_uv(), *compile_arguments(source, constraints), *options]
        if subprocess.run(command, cwd=ROOT, env=settings).returncode != 0:
            return 1
    return 0


def compile_arguments(source: str, constraints: str | None) -> list[str]:
    """Without addresses: an output says which file is right, not where somebody fetched it."""
    constrained = ["--constraints", constraints] if constraints else []
    return [
        *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
        *("--no-emit-index-url", "--no-emit-find-links", "--override", "requirements/overrides.txt"),
        *(*constrained, source, "--output-file", source.removesuffix(".in") + ".txt"),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
