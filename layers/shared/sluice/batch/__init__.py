"""Batch scoring: a file in, the same file with the champion's answers out. Pure: what is decided and said about it."""

from sluice.batch.outcome import Failed, Scored, container_words, summary
from sluice.batch.plan import BatchNames, BatchPlan, PreparedFile, longest_line, part_bytes, part_name, plan_batch
from sluice.batch.scoring_file import MOST_BYTES, ScoringFile

__all__ = [
    "MOST_BYTES",
    "BatchNames",
    "BatchPlan",
    "Failed",
    "PreparedFile",
    "Scored",
    "ScoringFile",
    "container_words",
    "longest_line",
    "part_bytes",
    "part_name",
    "plan_batch",
    "summary",
]
