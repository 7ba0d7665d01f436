import threading
from collections.abc import Iterator

import pytest

from preprocessing.parallel import workers


def test_results_come_in_the_order_of_the_items():
    """The first item ends after the second: it waits for it."""
    second_done = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert second_done.wait(60)
        elif number == 1:
            second_done.set()
        return number * 10

    with workers(2) as pool:
        assert list(pool.in_order(work, range(20))) == [number * 10 for number in range(20)]


def test_few_items_are_taken_ahead():
    taken = []

    def items() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    with workers(2) as pool:
        results = pool.in_order(str, items())
        assert next(results) == "0"
        assert len(taken) == 4


def test_a_failure_reaches_the_caller():
    with workers(2) as pool, pytest.raises(ZeroDivisionError):
        list(pool.in_order(lambda number: 1 // (number - 3), range(10)))
