"""Telecom customers and whether they left: made-up data with a known truth, to try Sluice with.

    python examples/churn/generate.py --rows 20000 --seed 7 --out churn.csv [--drift 0.5]

Whether a customer leaves depends on the columns through curves and interactions: short tenure counts on monthly
contracts, support calls count once there are three, and more so for the dissatisfied; a price above what the plan is
worth counts; heavy use counts on the small plan only. Nobody can predict the rest: the true probabilities themselves
reach an AUC of about 0.85, so that is the best that a model can do.

Cells are missing as in life: ages that were never asked for, surveys that the dissatisfied answer less often. Regions
and payment methods have rare levels.

--drift moves the customers, from 0 (as trained) to 1, and leaves their reasons as they are:
  monthly_charge         up to 30 % higher (a price rise);
  contract               up to 25 % of the yearly contracts become monthly;
  tenure_months          up to 40 % shorter (many new customers);
  payment_method         up to 20 % pay by voucher, a rare level before;
  satisfaction           up to 25 % more answers missing.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PLANS = ("small", "medium", "large", "family")
PLAN_SHARES = (0.34, 0.33, 0.18, 0.15)
PLAN_PRICES = np.array([18.0, 32.0, 55.0, 68.0])
CONTRACTS = ("monthly", "one year", "two years")
CONTRACT_SHARES = (0.52, 0.27, 0.21)
REGIONS = ("north", "south", "east", "west", "centre", "coast", "lakes", "islands", "highlands", "enclave")
REGION_SHARES = (0.21, 0.2, 0.18, 0.16, 0.12, 0.07, 0.05, 0.0079, 0.0019, 0.0002)
REGION_EFFECTS = np.array([0.0, 0.1, -0.1, 0.05, -0.05, 0.35, 0.25, -0.4, -0.2, 0.0])
PAYMENTS = ("card", "direct debit", "invoice", "transfer", "voucher", "cheque")
PAYMENT_SHARES = (0.38, 0.31, 0.19, 0.1188, 0.001, 0.0002)
PAYMENT_EFFECTS = np.array([0.0, -0.35, 0.3, 0.1, 0.4, 0.0])
# How far reasons outweigh chance: this sets the AUC that the true probabilities reach.
STRENGTH = 1.1

Floats = npt.NDArray[np.float64]
Column = npt.NDArray[Any]
Draws = Iterator[np.random.Generator]


def generate(rows: int, seed: int, drift: float = 0.0) -> tuple[dict[str, Column], Floats]:
    """The columns by name, missing cells as NaN, and each customer's true probability to leave."""
    # One stream of random numbers per column: drift changes values, never who draws which number.
    draws = iter(np.random.default_rng(seed).spawn(32))
    customers = _customers(rows, seed, drift, draws)
    probability = 1 / (1 + np.exp(-_logit(customers)))
    customers["churned"] = np.where(next(draws).random(rows) < probability, "Yes", "No")
    return _as_recorded(customers, drift, draws), probability


def _customers(rows: int, seed: int, drift: float, draws: Draws) -> dict[str, Column]:
    plan = _choose(next(draws), PLAN_SHARES, rows)
    contract = _choose(next(draws), CONTRACT_SHARES, rows)
    contract = np.where(next(draws).random(rows) < 0.25 * drift, 0, contract)
    tenure = 72 * next(draws).beta(0.9, 1.3, rows) * (1 - 0.4 * drift)
    usual = PLAN_PRICES[plan] * next(draws).lognormal(0.0, 0.18, rows)
    payment = _choose(next(draws), PAYMENT_SHARES, rows)
    payment = np.where(next(draws).random(rows) < 0.2 * drift, PAYMENTS.index("voucher"), payment)
    return {
        "customer_id": np.char.add(f"C{seed:05d}-", np.char.zfill(np.arange(rows).astype(str), 8)),
        "age": np.clip(next(draws).normal(46, 16, rows), 18, 90).round(),
        "region": _choose(next(draws), REGION_SHARES, rows),
        "plan": plan,
        "contract": contract,
        "tenure_months": np.ceil(tenure),
        "monthly_charge": (usual * (1 + 0.3 * drift)).round(2),
        "discount_percent": 5.0 * next(draws).choice(5, rows, p=(0.62, 0.14, 0.12, 0.08, 0.04)),
        "data_gb": next(draws).gamma(1.6, 6.0, rows).round(1),
        "support_calls": next(draws).poisson(next(draws).gamma(0.9, 1.2, rows)),
        "late_payments": next(draws).binomial(6, next(draws).beta(0.5, 5.0, rows)),
        "payment_method": payment,
        "paperless": next(draws).random(rows) < 0.6,
        "satisfaction": 1.0 + next(draws).binomial(4, 0.66, rows),
    }


def _logit(c: dict[str, Column]) -> Floats:
    """The truth: what makes a customer leave."""
    monthly = c["contract"] == 0
    new = np.exp(-c["tenure_months"] / 14)
    calls = np.maximum(c["support_calls"] - 2, 0)
    unhappy = np.maximum(3 - c["satisfaction"], 0)
    paid = c["monthly_charge"] * (1 - c["discount_percent"] / 100)
    overpriced = paid / PLAN_PRICES[c["plan"]] - 1
    squeezed = (c["plan"] == 0) * np.maximum(c["data_gb"] - 8, 0)
    return STRENGTH * (
        -2.75
        + 0.9 * monthly
        + new * (0.6 + 2.2 * monthly)
        - 0.7 * (c["contract"] == 2)
        + 0.45 * np.minimum(calls, 4) * (1 + 0.8 * unhappy)
        + 0.55 * unhappy
        + 3.2 * overpriced * (0.5 + monthly)
        + 0.14 * np.minimum(squeezed, 15)
        + 0.5 * np.sqrt(c["late_payments"])
        + 0.9 * ((c["age"] - 50) / 30) ** 2
        + REGION_EFFECTS[c["region"]]
        + PAYMENT_EFFECTS[c["payment_method"]]
    )


def _as_recorded(c: dict[str, Column], drift: float, draws: Draws) -> dict[str, Column]:
    """What the company's records show: names of levels, and some cells missing."""
    rows = len(c["age"])
    unanswered = 0.15 + 0.12 * (c["satisfaction"] <= 2) + 0.25 * drift
    return {
        **c,
        "age": np.where(next(draws).random(rows) < 0.04, np.nan, c["age"]),
        "region": np.array(REGIONS)[c["region"]],
        "plan": np.array(PLANS)[c["plan"]],
        "contract": np.array(CONTRACTS)[c["contract"]],
        "data_gb": np.where(next(draws).random(rows) < 0.01, np.nan, c["data_gb"]),
        "payment_method": np.array(PAYMENTS)[c["payment_method"]],
        "paperless": np.where(c["paperless"], "Yes", "No"),
        "satisfaction": np.where(next(draws).random(rows) < unanswered, np.nan, c["satisfaction"]),
    }


def _choose(rng: np.random.Generator, shares: Sequence[float], rows: int) -> npt.NDArray[np.int64]:
    return rng.choice(len(shares), rows, p=shares)


def write_csv(columns: dict[str, Column], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(_cells(column) for column in columns.values()), strict=True))


def _cells(column: Column) -> list[object]:
    """As Python values: missing is an empty cell, a whole number has no decimal point."""
    if column.dtype.kind != "f":
        return column.tolist()
    return ["" if value != value else int(value) if value == int(value) else value for value in column.tolist()]


def _drift(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("churn.csv"))
    parser.add_argument("--drift", type=_drift, default=0.0)
    arguments = parser.parse_args(argv)
    columns, _ = generate(arguments.rows, arguments.seed, arguments.drift)
    write_csv(columns, arguments.out)


if __name__ == "__main__":
    main(sys.argv[1:])
