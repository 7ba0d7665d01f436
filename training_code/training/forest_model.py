"""A random forest of scikit-learn as an XGBoost model that gives the same predictions.

The container holds neither skops nor ONNX, and a pickle may run anything; XGBoost's format holds trees and nothing
else, and serves faster. One tree of the forest becomes one tree per output; XGBoost adds the trees up, so a leaf
holds its share of the mean.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lean_xgboost import xgboost
from training.ubjson import encode

_NO_PARENT = np.iinfo(np.int32).max
_NONE = -1
_FORMAT_OF = "reg:squarederror"


def to_booster(trees: Sequence[Any], outputs: Sequence[int], feature_names: Sequence[str]) -> Any:
    """trees: the `tree_` of a forest's estimators. outputs: which of a leaf's values are predicted, in their order.

    The Booster's inplace_predict gives the means of those values over the trees: (rows,) or (rows, outputs).
    """
    document = _frame(len(outputs), feature_names)
    model = document["learner"]["gradient_booster"]["model"]
    count = len(trees) * len(outputs)
    model["gbtree_model_param"] = {"num_parallel_tree": str(len(trees)), "num_trees": str(count)}
    model["iteration_indptr"] = [0, count]
    model["tree_info"] = [position for position in range(len(outputs)) for _ in trees]
    model["trees"] = list(_trees(trees, outputs, len(feature_names)))
    booster = xgboost.Booster()
    booster.load_model(bytearray(b"".join(encode(document))))
    booster.feature_names = list(feature_names)
    # A code is a number to scikit-learn: the trees ask whether it is below another.
    booster.feature_types = ["q"] * len(feature_names)
    return booster


def _frame(outputs: int, feature_names: Sequence[str]) -> dict[str, Any]:
    """The model file of this XGBoost around trees that add up to the prediction, from nothing (base_score 0)."""
    row = np.zeros((1, len(feature_names)), dtype=np.float32)
    label = np.zeros((1, outputs), dtype=np.float32)
    parameters = {"objective": _FORMAT_OF, "base_score": 0.0, "max_depth": 1}
    empty = xgboost.train(parameters, xgboost.DMatrix(row, label=label), num_boost_round=1)
    document: dict[str, Any] = json.loads(empty.save_raw("json"))
    return document


def _trees(trees: Sequence[Any], outputs: Sequence[int], features: int) -> Iterator[dict[str, Any]]:
    number = 0
    for output in outputs:
        for tree in trees:
            yield _tree(tree, output, len(trees), features, number)
            number += 1


def _tree(tree: Any, output: int, count: int, features: int, number: int) -> dict[str, Any]:
    order = breadth_first(tree.children_left, tree.children_right)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    left, right = tree.children_left[order], tree.children_right[order]
    leaf = left == _NONE
    left, right = (np.where(leaf, _NONE, place[children]).astype(np.int32) for children in (left, right))
    values = (tree.value.reshape(tree.node_count, -1)[order, output] / count).astype(np.float32)
    parents = np.full(tree.node_count, _NO_PARENT, dtype=np.int32)
    for children in (left, right):
        parents[children[~leaf]] = np.flatnonzero(~leaf)
    return {
        "base_weights": values,
        "categories": np.empty(0, np.int32),
        "categories_nodes": np.empty(0, np.int32),
        "categories_segments": np.empty(0, np.int64),
        "categories_sizes": np.empty(0, np.int64),
        "default_left": np.where(leaf, 0, tree.missing_go_to_left[order]).astype(np.uint8),
        "id": number,
        "left_children": left,
        "loss_changes": np.where(leaf, 0, _gains(tree)[order]).astype(np.float32),
        "parents": parents,
        "right_children": right,
        "split_conditions": np.where(leaf, values, first_above(tree.threshold[order])),
        "split_indices": np.where(leaf, 0, tree.feature[order]).astype(np.int32),
        "split_type": np.zeros(tree.node_count, np.uint8),
        "sum_hessian": tree.weighted_n_node_samples[order].astype(np.float32),
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(features),
            "num_nodes": str(tree.node_count),
            "size_leaf_vector": "1",
        },
    }


def _gains(tree: Any) -> npt.NDArray[np.float64]:
    """By how much each split lowers the impurity, times the weight of its rows (of leaves: of no meaning)."""
    weighted = tree.impurity * tree.weighted_n_node_samples
    return weighted - weighted[tree.children_left] - weighted[tree.children_right]


def breadth_first(left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The nodes level by level, the two children of a node side by side; -1 is no child.

    XGBoost goes to the right child by adding one to the left one's number; scikit-learn numbers depth first.
    """
    levels = [np.zeros(1, dtype=np.intp)]
    while len(levels[-1]):
        inner = levels[-1][left[levels[-1]] != _NONE]
        levels.append(np.column_stack([left[inner], right[inner]]).ravel())
    return np.concatenate(levels)


def first_above(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """s with (x < s) = (x ≤ t) for every 32-bit x: scikit-learn goes left on the one, XGBoost on the other."""
    # The thresholds of leaves, -2, come through as well; of a split on missing alone, ∞.
    rounded = thresholds.astype(np.float32)
    infinity = np.float32(np.inf)
    below = np.where(rounded > thresholds, np.nextafter(rounded, -infinity), rounded)
    return np.nextafter(below, infinity)
