"""Do scores of 0.7 mean that 7 of 10 are positive? Ten bins of equal width, as in Guo et al. 2017.

Equal width, not equal count: the bins do not move with the data, so models and resampled test sets are compared over
the same ones, and the figure is the one that other tools call expected calibration error.
"""

import numpy as np
import numpy.typing as npt

from codec.codec import Floats

BINS = 10


def bin_of(scores: Floats) -> npt.NDArray[np.int64]:
    """0 to BINS - 1; a score on an edge belongs to the bin above, 1 to the last."""
    edges = np.arange(1, BINS) / BINS
    return np.digitize(scores, edges).astype(np.int64)


def calibration_error(bins: npt.NDArray[np.int64], residuals: Floats, total: Floats) -> Floats:
    """Mean distance between mean score and share of positives, by bin, weighted by the bins' rows.

    bins: (groups,), in falling order. residuals: (…, groups), positives minus expected positives. total: (…), rows.
    """
    starts = np.flatnonzero(np.diff(bins, prepend=BINS))
    error: Floats = np.abs(np.add.reduceat(residuals, starts, axis=-1)).sum(axis=-1) / total
    return error


def calibration_curve(bins: npt.NDArray[np.int64], counts: Floats, scores: Floats) -> dict[str, list[float]]:
    """One point for each bin that holds rows. counts, scores: (2, groups), negatives first."""
    rows, expected, positive = (
        np.bincount(bins, weights=weights, minlength=BINS)
        for weights in (counts.sum(axis=0), (counts * scores).sum(axis=0), counts[1])
    )
    held = rows > 0
    return {
        "mean_scores": (expected[held] / rows[held]).tolist(),
        "positive_ratios": (positive[held] / rows[held]).tolist(),
        "item_counts": rows[held].astype(int).tolist(),
    }
