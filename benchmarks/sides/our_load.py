"""A split as preprocess.py wrote it, to XGBoost's matrix as train.py makes it; prints the seconds, imports left out.

    python -m benchmarks.sides.our_load FOLDER CODEC

--arrays FILE.npz also keeps the arrays of the folder and of its sibling validation/, for bare_train.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.processes import TRAINING_CODE

sys.path.insert(0, str(TRAINING_CODE))

import numpy as np

from codec.features_json import read_codec
from training.channels import open_channel
from training.matrices import Matrices, read_arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("codec", type=Path)
    parser.add_argument("--arrays", type=Path)
    arguments = parser.parse_args()
    codec = read_codec(arguments.codec / "features.json")
    started = time.perf_counter()
    Matrices(codec, os.cpu_count() or 1, 256).make(open_channel(arguments.folder, codec))
    print(time.perf_counter() - started)
    if arguments.arrays:
        kept = {}
        for name in ("train", "validation"):
            target, _, features = read_arrays(open_channel(arguments.folder.with_name(name), codec))
            kept |= {f"{name}_x": features, f"{name}_y": target}
        np.savez(arguments.arrays, **kept)


if __name__ == "__main__":
    main()
