import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definition import Split
from preprocessing.columns import text_column
from preprocessing.row_hash import hash_cells
from preprocessing.splitting import SPLITS, TEST_CODE, Cuts, cut_ranks, fixed_cuts, ordered_places, value_at

RATIOS = st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(1, 8)).map(
    lambda parts: tuple(part / sum(parts) for part in parts)
)


def codes(keys: list[str], split: Split) -> npt.NDArray[np.uint8]:
    return fixed_cuts(split).codes(hash_cells(text_column(pa.array(keys, pa.string())), split.seed))


@given(st.lists(st.text(max_size=20), min_size=1, max_size=30), st.integers(0, 2**32), RATIOS)
def test_a_row_is_in_one_split_whatever_rows_are_around_it(
    keys: list[str], seed: int, ratios: tuple[float, float, float]
):
    split = Split(*ratios, seed)
    together = codes(keys, split)
    assert set(together.tolist()) <= {0, 1, 2}
    assert codes(keys[::-1], split).tolist() == together[::-1].tolist()
    assert [int(codes([key], split)[0]) for key in keys] == together.tolist()


@pytest.mark.parametrize("seed", [0, 1, 42, 12345])
@pytest.mark.parametrize("keys", ["{}", "C{:08d}", "{:x}-customer-of-the-northern-region"])
def test_ratios_within_half_a_percent_at_100_000_rows(seed: int, keys: str):
    found = codes([keys.format(n) for n in range(100_000)], Split(0.7, 0.2, 0.1, seed))
    shares = np.bincount(found, minlength=len(SPLITS)) / len(found)
    assert shares.tolist() == pytest.approx([0.7, 0.2, 0.1], abs=0.005)


def test_another_seed_is_another_split():
    keys = [str(n) for n in range(10_000)]
    first, second = (codes(keys, Split(0.7, 0.2, 0.1, seed)) == TEST_CODE for seed in (1, 2))
    # Independent: a tenth of the one's test rows are test rows of the other.
    assert (first & second).sum() / first.sum() == pytest.approx(0.1, abs=0.03)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
def test_places_are_in_the_order_of_the_numbers(values: list[float]):
    numbers = np.array(values, dtype=np.float64)
    places = ordered_places(numbers)
    assert [value_at(int(place)) for place in places] == values
    np.testing.assert_array_equal(places[:, None] < places[None, :], numbers[:, None] < numbers[None, :])


def test_strata_have_their_own_cuts():
    cuts = Cuts(np.array([10, 20], dtype=np.uint64), np.array([15, 30], dtype=np.uint64))
    places = np.array([10, 10, 14, 15, 20, 31], dtype=np.uint64)
    assert cuts.codes(places, np.array([0, 1, 0, 0, 1, 1])).tolist() == [1, 0, 1, 2, 1, 2]


@given(st.integers(0, 10_000), RATIOS)
def test_ranks_are_the_ratios_to_within_a_row(rows: int, ratios: tuple[float, float, float]):
    lower, upper = cut_ranks(rows, Split(*ratios))
    assert 0 <= lower <= upper <= rows
    assert (lower, rows - upper) == pytest.approx((rows * ratios[0], rows * ratios[2]), abs=0.51)
