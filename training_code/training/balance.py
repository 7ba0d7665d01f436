"""Weights that let each class count as much as any other."""

import json

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting
from codec.codec import Codec
from job import BadData
from training.channels import Channel, Floats


def class_totals(channel: Channel, here: Meeting) -> npt.NDArray[np.float64]:
    """The rows' weights by class code, over all hosts. Raises BadData where a class has none."""
    codec = channel.codec
    totals = np.zeros(len(codec.target.classes))
    for target, weight in channel.targets():
        totals += np.bincount(target.astype(np.intp), weights=weight, minlength=len(totals))
    totals = np.sum([json.loads(data) for data in here.gather(json.dumps(totals.tolist()).encode())], axis=0)
    for label, total in zip(codec.target.classes, totals, strict=True):
        if not total:
            raise BadData(
                f"training.class_weight is balanced and no training row is of class {label!r}: give such rows."
            )
    return totals


def positive_weight(totals: npt.NDArray[np.float64]) -> float:
    """XGBoost's scale_pos_weight: what one positive row counts as much as, in negative ones."""
    return float(totals[0] / totals[1])


def class_weights(totals: npt.NDArray[np.float64], codec: Codec) -> Floats:
    """By class code; their mean over the rows is 1, so that other hyperparameters keep their scale."""
    weights: Floats = (totals.sum() / (len(codec.target.classes) * totals)).astype(np.float32)
    return weights
