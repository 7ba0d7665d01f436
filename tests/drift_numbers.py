"""Parts of a check's findings, measured on small data so that their numbers fit each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Findings = dict[str, Any]
Numbers = npt.NDArray[np.float64]

TESTS = 42
SIGNIFICANCE = 0.01
BOUNDS = {"kolmogorov_smirnov": 0.1, "jensen_shannon": 0.05, "share": 0.02}


def tested(p_value: float) -> Findings:
    return {"p_value": p_value, "adjusted_p_value": min(1.0, p_value * TESTS)}


def number(name: str, before: Numbers, now: Numbers) -> Findings:
    """A numeric feature, or a score: what the training rows had, and what production sent."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, 13))[1:-1])
    shares = [_binned(values, edges) for values in (now, before)]
    distance = _distance(before, now)
    size = len(before) * len(now) / (len(before) + len(now))
    chance = tested(min(1.0, 2 * float(np.exp(-2 * size * distance**2))))
    bound = BOUNDS["kolmogorov_smirnov"]
    found = distance >= bound and chance["adjusted_p_value"] < SIGNIFICANCE
    ends = [round(float(before.min()), 4), *np.round(edges, 4).tolist(), None]
    return {
        **_common(name, "numeric", "kolmogorov_smirnov", distance, bound, found),
        **chance,
        "psi": _stability(*shares),
        "statistic": distance,
        "outside_share": float(np.mean((now < before.min()) | (now > before.max()))),
        **_moments("", now),
        **_moments("baseline_", before),
        "bins": [
            {"from": ends[at], "to": ends[at + 1], "share": shares[0][at], "baseline_share": shares[1][at]}
            for at in range(len(ends) - 1)
        ],
    }


def levels(name: str, before: Mapping[str, float], now: Mapping[str, float], unseen: float = 0.0) -> Findings:
    """A categorical feature, or labels, by the shares of its levels. unseen: of levels that training never saw."""
    known = [np.array([*shares.values()]) for shares in (now, before)]
    middle = (known[0] + known[1]) / 2
    distance = float(np.sqrt(sum(np.sum(one * np.log2(np.where(one > 0, one / middle, 1))) for one in known) / 2))
    bound = BOUNDS["jensen_shannon"]
    return {
        **_common(name, "categorical", "jensen_shannon", distance, bound, distance >= bound),
        **tested(1e-12 if distance >= bound else 0.4),
        "psi": _stability(*known),
        "statistic": 412.7 if distance >= bound else 3.1,
        "unseen_share": unseen,
        "unseen_examples": {"Five year": 31, "unknown": 2} if unseen else {},
        "outside_share": None,
        "bins": [_level(one, "level", now[one], share) for one, share in before.items()]
        + ([_level("unseen", "unseen", unseen, 0.0)] if unseen else []),
    }


def _level(value: str, kind: str, share: float, before: float) -> Findings:
    return {"value": value, "kind": kind, "share": share, "baseline_share": before}


def _common(name: str, kind: str, measure: str, distance: float, bound: float, found: bool) -> Findings:
    return {
        "name": name,
        "type": kind,
        "status": "drift" if found else "no-drift",
        "distance": distance,
        "measure": measure,
        "bound": bound,
        "missing_share": 0.0,
        "baseline_missing_share": 0.0,
        "unseen_share": None,
        "unseen_examples": {},
        "unreadable_share": 0.0,
        **dict.fromkeys(("mean", "baseline_mean", "deviation", "baseline_deviation"), None),
        **dict.fromkeys(("minimum", "maximum", "baseline_minimum", "baseline_maximum"), None),
        "importance": None,
        "score_effect": None,
        "since": None,
        "example": None,
        "violations": [],
    }


def _moments(prefix: str, values: Numbers) -> Findings:
    made = {"mean": values.mean(), "deviation": values.std(), "minimum": values.min(), "maximum": values.max()}
    return {f"{prefix}{name}": round(float(value), 4) for name, value in made.items()}


def _binned(values: Numbers, edges: Numbers) -> Numbers:
    """Shares of: up to the first edge, above it up to the second, …, above the last."""
    return np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) / len(values)


def _distance(before: Numbers, now: Numbers) -> float:
    at = np.concatenate([before, now])
    one, other = (np.searchsorted(np.sort(values), at, side="right") / len(values) for values in (before, now))
    return float(np.abs(one - other).max())


def _stability(now: Numbers, before: Numbers) -> float:
    one, other = (np.maximum(shares, 1e-4) for shares in (now, before))
    return float(np.sum((one - other) * np.log(one / other)))


def trend(checks: int, features: Sequence[str], metric: str | None, moved_for: int) -> list[Findings]:
    """Hourly checks up to 2026-11-20 14:00, of which the newest `moved_for` found drift in the features."""
    rng = np.random.default_rng(11)
    points = []
    for at in range(checks):
        moved = at >= checks - moved_for
        hour = 14 - (checks - 1 - at)
        end = f"2026-11-{20 + hour // 24}T{hour % 24:02}:00:00+00:00"
        distances = rng.uniform(0.15, 0.3, len(features)) if moved else rng.uniform(0.01, 0.05, len(features))
        points.append(
            {
                "check_id": f"2611{20 + hour // 24}{hour % 24:02}0000-{at:04x}",
                "end": end,
                "verdict": "drift" if moved else "not-enough-data" if at == 2 else "no-drift",
                "violations": [{"dimension": "data-quality", "feature_name": name} for name in features if moved],
                "features": {
                    name: {"distance": float(far)} for name, far in zip(features, distances.round(4), strict=True)
                },
                "score": {"distance": float(rng.uniform(0.1, 0.2) if moved else rng.uniform(0.01, 0.05))},
                "metric": {"name": metric, "value": 0.74 if moved else 0.84} if metric else None,
            }
        )
    return points
