"""Whether the model goes by other features than on the test split: SHAP values of a sample of the window's rows.

The score is SageMaker Clarify's (Developer Guide, "Feature attribution drift for models in production"): with a(f) a
feature's mean |SHAP| then, and f'_1 … f'_m the features by falling mean |SHAP| now, DCG = Σ a(f'_i) / log2(i + 1), and
NDCG = DCG / the DCG of the features by falling a. 1 is the same order; what changes among weak features weighs little.
"""

import numpy as np
from scipy import stats

from codec.codec import Floats
from evaluation.bootstrap import deviation
from evaluation.importance import Matrix, contributions, mean_contributions
from monitoring.check_plan import MonitoringSettings
from monitoring.claims import Claim, Document
from monitoring.observed import Observed
from monitoring.reference import Reference
from serving.artifact import Artifact

ATTRIBUTION = "attribution"
REPLICATES = 200
LEAST_ROWS = 20


def measure_attribution(
    settings: MonitoringSettings, reference: Reference, observed: Observed, artifact: Artifact
) -> tuple[Document, list[Claim], dict[str, float]]:
    """Also the mean SHAP value of each feature now; none of several classes, where it has no single sign."""
    names = artifact.codec.names
    document: Document = {
        "status": "not-measured",
        "ndcg": None,
        "bound": settings.min_ndcg,
        "rows": 0,
        "features": [],
        "p_value": None,
        "adjusted_p_value": None,
    }
    if any(name not in reference.attributions for name in names) or not names:
        reason = "What the features contributed on the test split is not known."
        return {**document, "reason": reason}, [], {}
    if len(observed.sample) < LEAST_ROWS:
        reason = f"{len(observed.sample)} rows could be encoded; {LEAST_ROWS} are needed."
        return {**document, "status": "not-enough-data", "reason": reason}, [], {}
    contributed = contributions(artifact, observed.sample)
    before = np.array([reference.attributions[name].absolute for name in names])
    now = mean_contributions(contributed)
    score = ndcg(before, now)
    document |= {"ndcg": score, "rows": len(contributed), "features": _features(names, now, before)}
    means = dict(zip(names, contributed.mean(axis=0).tolist(), strict=True)) if contributed.ndim == 2 else {}
    if not before.any():
        return {**document, "reason": "No feature contributed anything on the test split."}, [], means
    claim = _claim(score, before, contributed, settings.min_ndcg)
    return document, [claim], means


def ndcg(before: Floats, now: Floats) -> float:
    """1 where nothing contributed before: then every order is as good."""
    discounts = 1 / np.log2(np.arange(2, len(before) + 2))
    ideal = float(np.sort(before)[::-1] @ discounts)
    return float(before[np.argsort(-now, kind="stable")] @ discounts) / ideal if ideal else 1.0


def _claim(score: float, before: Floats, contributed: Matrix, least: float) -> Claim:
    """Tests whether the score of all traffic is below the bound: a small sample's order is partly chance."""
    scatter = deviation(_replicates(before, contributed)) or 0.0
    p_value = float(stats.norm.sf((least - score) / scatter)) if scatter else float(score >= least)
    text = (
        f"The model goes by other features than on the test split: the NDCG of their order is {score:.3f}, the bound "
        f"{least:.3g}."
    )
    check = "feature_attribution_drift_check"
    # In the unit of what is missing to 1, so that more is worse; at the bound itself there is no drift yet.
    size, bound = 1 - score, float(np.nextafter(1 - least, 2))
    return Claim(ATTRIBUTION, "", check, p_value, size, bound, text, metric="shap", place="ndcg")


def _replicates(before: Floats, contributed: Matrix) -> Floats:
    """The score on resampled rows. Of several classes: the mean over them."""
    absolute = np.abs(contributed).mean(axis=1) if contributed.ndim == 3 else np.abs(contributed)
    rows = len(absolute)
    drawn = np.random.default_rng(42).multinomial(rows, np.full(rows, 1 / rows), size=REPLICATES)
    return np.array([ndcg(before, means) for means in drawn.astype(np.float32) @ absolute / rows])


def _features(names: tuple[str, ...], now: Floats, before: Floats) -> list[Document]:
    """By falling importance now. Ranks from 1."""
    shares, old = (values / (values.sum() or 1.0) for values in (now, before))
    ranks, old_ranks = _ranks(now), _ranks(before)
    return [
        {
            "name": names[place],
            "share": float(shares[place]),
            "baseline_share": float(old[place]),
            "rank": ranks[place],
            "baseline_rank": old_ranks[place],
        }
        for place in np.argsort(-now, kind="stable")
    ]


def _ranks(values: Floats) -> list[int]:
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return [int(rank) for rank in ranks]
