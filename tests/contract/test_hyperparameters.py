"""What a definition may set is what train.py takes."""

import argparse

import pytest

from sluice.definition.hyperparameters import HYPERPARAMETERS, SET_BY_THE_PLATFORM
from training.hyperparameters import ALGORITHMS, PLATFORM

NAMES = [(algorithm, name) for algorithm, known in ALGORITHMS.items() for name in known]
# Around every bound, on both sides; text that is no number, and the one word that is taken.
VALUES = (
    *("-1", "0", "1e-9", "0.5", "1", "1.000001", "2", "2.5", "29", "30", "31", "65535", "65536", "65537"),
    *("2147483647", "2147483648", "4294967295", "4294967296", "3e38", "4e38", "nan", "inf", "sqrt", "much", ""),
)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_definition_knows_train_pys_hyperparameters(algorithm: str) -> None:
    assert set(HYPERPARAMETERS[algorithm]) == {*ALGORITHMS[algorithm], "nthread"}


def test_every_algorithm_of_train_py_is_known() -> None:
    assert HYPERPARAMETERS.keys() == ALGORITHMS.keys()


def test_what_the_platform_sets_is_named() -> None:
    assert {*PLATFORM, "algorithm"} == set(SET_BY_THE_PLATFORM)


@pytest.mark.parametrize(("algorithm", "name"), NAMES, ids=lambda value: value)
def test_a_value_is_taken_by_both_or_by_none(algorithm: str, name: str) -> None:
    parse, _ = ALGORITHMS[algorithm][name]

    def taken_by_train(value: str) -> bool:
        try:
            parse(value)
        except argparse.ArgumentTypeError:
            return False
        return True

    told = {value: HYPERPARAMETERS[algorithm][name].problem(value) is None for value in VALUES}

    assert told == {value: taken_by_train(value) for value in VALUES}


@pytest.mark.parametrize(("algorithm", "name"), NAMES, ids=lambda value: value)
def test_the_defaults_of_train_py_may_be_written(algorithm: str, name: str) -> None:
    assert HYPERPARAMETERS[algorithm][name].problem(ALGORITHMS[algorithm][name][1]) is None
