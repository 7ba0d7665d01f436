"""Two models' scores of one test set, as alike as it is asked."""

from typing import Any

import numpy as np


def two_models(count: int, noise: float, seed: int = 0, worse: float = 0.0) -> tuple[Any, Any, Any]:
    """labels, and the scores of two models that share what they see but for the noise; worse: more noise in the first.

    The scores are probabilities of two classes, a third of the rows positive.
    """
    rng = np.random.default_rng(seed)
    labels = (rng.random(count) < 1 / 3).astype(float)
    seen = rng.normal(-1.3 + 1.4 * labels, 1)
    logits = [seen + (noise + more) * rng.normal(size=count) for more in (worse, 0.0)]
    first, second = ((1 / (1 + np.exp(-logit))).astype(np.float32) for logit in logits)
    return labels, first, second


def two_class_models(count: int, classes: int, noise: float, seed: int = 0) -> tuple[Any, Any, Any]:
    """As two_models, of several classes: scores are (rows, classes)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    seen = rng.normal(0, 1, (count, classes)) + 1.2 * (labels[:, None] == np.arange(classes))
    powers = [np.exp(seen + noise * rng.normal(size=seen.shape)) for _ in range(2)]
    first, second = ((power / power.sum(axis=1, keepdims=True)).astype(np.float32) for power in powers)
    return labels.astype(float), first, second
