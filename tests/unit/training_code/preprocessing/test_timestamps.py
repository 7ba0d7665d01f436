import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.timestamps import seconds

MOMENT = datetime(2026, 3, 31, 18, 0, 5, tzinfo=UTC)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=5, minutes=30))])


@pytest.mark.parametrize(
    "cells",
    [
        ["2026-03-31T18:00:05", None, " 2026-03-31 18:00:05 ", ""],
        ["2026-03-31T20:00:05+02:00", "soon", "2026-03-31T18:00:05Z", "nan"],
        [str(MOMENT.timestamp()), "", str(int(MOMENT.timestamp())), None],
    ],
)
def test_dates_and_numbers(cells: list[str | None]):
    found = seconds(pa.array(cells, pa.string()))
    np.testing.assert_array_equal(found, [MOMENT.timestamp(), math.nan] * 2)


def test_a_day_is_its_midnight():
    assert seconds(pa.array(["2026-03-31"])).tolist() == [datetime(2026, 3, 31, tzinfo=UTC).timestamp()]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_of_a_parquet_file(unit: str):
    column = pa.array([MOMENT.replace(tzinfo=None), None], pa.timestamp(unit))
    np.testing.assert_array_equal(seconds(column), [MOMENT.timestamp(), math.nan])
    zoned = pa.array([MOMENT, None], pa.timestamp(unit, "Asia/Tokyo"))
    np.testing.assert_array_equal(seconds(zoned), [MOMENT.timestamp(), math.nan])


@given(st.lists(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1), timezones=ZONES), min_size=1, max_size=10))
def test_whatever_the_zone_the_order_is_that_of_time(moments: list[datetime]):
    found = seconds(pa.array([moment.isoformat() for moment in moments]))
    np.testing.assert_allclose(found, [moment.timestamp() for moment in moments], rtol=0, atol=1e-5)
