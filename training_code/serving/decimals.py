"""Numbers such as 12, -3.75 or 1889.5 from the 64-bit words of their bytes, thousands at once.

Only plain decimals of at most 8 bytes; whoever asks gives everything else to the codec. Their digits are an integer
below 10^8, and one division by a power of ten rounds to the nearest double, as float() does.
The parallel sum of digits is from Johnny Lee's "Fast numeric string to int" (2016).
"""

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]


def _each_byte(value: int) -> np.uint64:
    return np.uint64(value * 0x0101010101010101)


_ONE, _HIGH, _ZEROS = _each_byte(0x01), _each_byte(0x80), _each_byte(ord("0"))
_DOTS, _MINUS, _LOW_BYTE = _each_byte(ord(".")), np.uint64(ord("-")), np.uint64(0xFF)
_UP_TO_NINE = _each_byte(0x80 - 10)
_POWERS = 10.0 ** np.arange(9)
# By the number of digits: the bits of a word that they leave free. (Without any, 0: such cells are not numbers.)
_ROOM = np.array([0, 56, 48, 40, 32, 24, 16, 8, 0], dtype=np.uint64)
_BYTE, _U7, _U16, _U32 = (np.uint64(bits) for bits in (8, 7, 16, 32))


def parse_decimals(words: Words, lengths: Integers) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The numbers, and which cells are such numbers. words: a cell's bytes, the first lowest, zeros after its end."""
    negative = (words & _LOW_BYTE) == _MINUS
    digits = lengths
    if negative.any():
        words, digits = np.where(negative, words >> _BYTE, words), lengths - negative
    words, fraction, has_dot = _without_dot(words, digits)
    digits = digits - has_dot
    plain = (digits > 0) & (lengths <= 8)
    # The digits move to the end of the word, behind zeros.
    room = _ROOM.take(digits, mode="clip")
    values = (words << room) - (_ZEROS << room)
    plain &= ((values | (values + _UP_TO_NINE)) & _HIGH) == 0
    numbers = _sum_of_digits(values) / _POWERS.take(fraction, mode="clip")
    if negative.any():
        numbers = np.where(negative, -numbers, numbers)
    return numbers, plain


def _without_dot(words: Words, length: Integers) -> tuple[Words, Integers, npt.NDArray[np.bool_]]:
    """The bytes without the first dot, and how many follow it."""
    other = words ^ _DOTS
    found = (other - _ONE) & ~other & _HIGH
    has_dot = found != 0
    # The lowest set bit is the dot's; below it lie the bytes before the dot.
    before = ((found & (~found + np.uint64(1))) >> _U7) - np.uint64(1)
    joined = np.where(has_dot, (words & before) | ((words >> _BYTE) & ~before), words)
    position = np.bitwise_count(before) >> 3
    return joined, (length - position - 1) * has_dot, has_dot


def _sum_of_digits(values: Words) -> npt.NDArray[np.float64]:
    """Eight digits, the first in the lowest byte: pairs, then fours, then all."""
    pairs = values * np.uint64(10) + (values >> _BYTE)
    mask = np.uint64(0x000000FF000000FF)
    left = (pairs & mask) * np.uint64(0x000F424000000064)
    right = ((pairs >> _U16) & mask) * np.uint64(0x0000271000000001)
    return ((left + right) >> _U32).astype(np.float64)
