import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.cell_table import Text
from serving.decimals import parse_decimals


def _parsed(text: str) -> float | None:
    """None where the codec must look."""
    data = text.encode()
    word = Text(data.ljust(8, b"\0")).words()[:1]
    numbers, plain = parse_decimals(word, np.array([len(data)]))
    return float(numbers[0]) if plain[0] else None


@pytest.mark.parametrize(
    "text", ["0", "7", "12345678", "-1234567", "1889.5", "-0.25", ".5", "5.", "0000.001", "99999.99"]
)
def test_plain_decimals(text: str):
    assert _parsed(text) == float(text)


@pytest.mark.parametrize(
    "text", ["", "-", ".", "-.", "--1", "1-", "1.2.3", "1e5", "+5", " 5", "5 ", "1_0", "12:4", "1/2", "٣"]
)
def test_what_the_codec_must_look_at(text: str):
    assert _parsed(text) is None


@given(st.text("0123456789.-", min_size=1, max_size=8))
def test_every_text_of_digits_is_what_float_makes_of_it_or_left_alone(text: str):
    found = _parsed(text)
    if found is not None:
        assert (found, np.signbit(found)) == (float(text), np.signbit(float(text)))


@given(st.decimals(-9999, 9999, places=2, allow_nan=False).map(str))
def test_money_is_always_read(text: str):
    assert _parsed(text) == float(text)
