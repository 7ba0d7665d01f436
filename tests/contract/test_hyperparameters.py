"""What a definition may set is what train.py takes."""

import pytest

from sluice.definition.training import HYPERPARAMETERS
from training.hyperparameters import ALGORITHMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_definition_knows_train_pys_hyperparameters(algorithm: str) -> None:
    assert set(HYPERPARAMETERS[algorithm]) == {*ALGORITHMS[algorithm], "nthread"}


def test_every_algorithm_of_train_py_is_known() -> None:
    assert HYPERPARAMETERS.keys() == ALGORITHMS.keys()
