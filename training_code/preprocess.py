"""Raw rows → train, validation and test splits, the feature codec and the monitoring baseline.

On a laptop:

    python training_code/preprocess.py --data churn.csv --definition definition.json --output out/

--data and --definition take a file or a folder. definition.json is model.yaml as JSON: every run keeps its own, with
defaults written out, under runs/<run_id>/definition/. data is CSV (separated by , ; tab or |, plain or compressed) or
Parquet. Output: train/train.csv, validation/validation.csv and test/test.csv (target first, no header, all numeric,
empty field = missing; --format parquet: the same as columns with names), holdout/holdout.csv (the raw rows of the test
split, in the order of test.csv), codec/{features.json,counts.json,rejects.csv},
baseline/{statistics.json,constraints.json,reference.json}.

With --codec an earlier run's features.json is used instead of learning one. On several hosts, each of which has got
some of the files, every host writes its rows in files that carry its name (train/train-algo-2-0.csv,
holdout/holdout-algo-2.csv, codec/rejects-algo-2.csv), and the first host what belongs to all of them.
"""

import json
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cluster.hosts import Cluster, processing_cluster
from cluster.meeting import Meeting, meeting
from codec.features_json import write_codec
from definition import DataDefinition, read_definition
from job import OUTPUT_DIR, Arguments, run
from preprocessing.assignment import assign_splits
from preprocessing.baseline import baseline_statistics, write_baseline
from preprocessing.counts import agree_counts, check_splits, check_weights, count_blocks
from preprocessing.encoded_rows import RowEncoder
from preprocessing.histograms import agree_spreads
from preprocessing.holdout import write_holdout
from preprocessing.ingest import Ingested, RawData, check_agreement, ingested
from preprocessing.layout import CSV, FORMATS, Layout
from preprocessing.learning import learn_codec, read_previous
from preprocessing.parallel import workers
from preprocessing.progress import Progress
from preprocessing.raw_files import data_files, shard_files
from preprocessing.raw_source import BLOCK_BYTES
from preprocessing.reference import reference_document, write_reference
from preprocessing.rejects import check_rejects
from preprocessing.repeated_keys import check_keys
from preprocessing.split_files import write_splits
from preprocessing.splitting import TRAIN
from preprocessing.statistics import agree_statistics
from preprocessing.target import TargetValues, agree_target, reject_unknown_labels

PROCESSING = Path("/opt/ml/processing")
RESOURCE_CONFIG = Path("/opt/ml/config/resourceconfig.json")


def parse_arguments(argv: Sequence[str]) -> Namespace:
    parser = Arguments(description=__doc__)
    parser.add_argument("--data", type=Path, default=PROCESSING / "input/data")
    parser.add_argument("--definition", type=Path, default=PROCESSING / "input/definition")
    parser.add_argument("--output", type=Path, default=PROCESSING / "output")
    parser.add_argument("--codec", type=Path, help="features.json of an earlier run, or its folder")
    parser.add_argument("--format", choices=FORMATS, default=CSV, help="of the splits (default: %(default)s)")
    parser.add_argument("--train-parts", type=_positive, default=1, help="files to write the training rows to")
    parser.add_argument("--resource-config", type=Path, default=RESOURCE_CONFIG, help="names the hosts of the job")
    parser.add_argument("--nthread", type=_positive, default=os.cpu_count() or 1)
    parser.add_argument("--block-bytes", type=_positive, default=BLOCK_BYTES, help="of raw data, worked on at a time")
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def main(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    cluster = processing_cluster(arguments.resource_config)
    with meeting(cluster) as hosts:
        preprocess(arguments, cluster, hosts)


def preprocess(arguments: Namespace, cluster: Cluster, hosts: Meeting) -> None:
    """One host's part; `hosts` is where all of them agree on what each needs."""
    definition = read_definition(arguments.definition)
    previous = read_previous(arguments.codec, definition)
    raw = RawData(_files(arguments.data, cluster), definition, arguments.block_bytes)
    layout = Layout(arguments.output, cluster, arguments.format, arguments.train_parts)
    layout.make_folders()
    progress = Progress()
    with (
        tempfile.TemporaryDirectory(dir=arguments.output, prefix=".spill-") as folder,
        workers(arguments.nthread) as pool,
        ingested(raw, Path(folder), pool, progress) as data,
    ):
        check_agreement(raw, data, hosts)
        values = TargetValues(data, previous.target if previous else agree_target(data, definition, hosts))
        rejected = _judge_rejects(data, values, definition, layout, hosts)
        assign_splits(data, values, definition.split, pool, hosts)
        check_keys(raw, data, cluster.hosts, pool, hosts)
        block_counts = count_blocks(data, values, pool)
        counts = agree_counts(block_counts, data, rejected, values, hosts)
        check_splits(counts, definition)
        check_weights(block_counts, definition, hosts)

        statistics = agree_statistics(data, definition, pool, hosts)
        codec = previous or learn_codec(definition, values.target, statistics, data, hosts)
        write_splits(layout, RowEncoder(data, codec, values, layout.file_format), block_counts, pool, progress)
        write_holdout(layout.path("holdout", "holdout.csv"), data, pool)
        spreads = agree_spreads(data, statistics, pool, hosts)
    if cluster.is_first:
        write_codec(codec, arguments.output / "codec" / "features.json")
        _write_json(arguments.output / "codec" / "counts.json", counts)
        baseline = baseline_statistics(counts[TRAIN], statistics, spreads)
        write_baseline(arguments.output / "baseline", baseline, definition.max_categories)
        reference = reference_document(counts[TRAIN], statistics, spreads)
        write_reference(arguments.output / "baseline", reference)
    print(json.dumps(counts))


def _judge_rejects(
    data: Ingested, values: TargetValues, definition: DataDefinition, layout: Layout, hosts: Meeting
) -> int:
    """How many rows of all hosts cannot be used. The list is written even if they are too many."""
    reject_unknown_labels(data, values)
    data.log.write(layout.path("codec", "rejects.csv"))
    return check_rejects(data.log, data.row_count, definition.max_reject_ratio, layout.cluster.hosts, hosts)


def _files(data: Path, cluster: Cluster) -> tuple[Path, ...]:
    """One of several hosts may have got none."""
    return tuple(data_files(data) if cluster.size == 1 else shard_files(data))


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:], OUTPUT_DIR / "message"))
