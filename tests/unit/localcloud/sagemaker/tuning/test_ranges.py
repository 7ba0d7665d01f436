"""Ranges: what they hold, what is refused, and that a value survives the way to the sampler and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.api import ApiError
from localcloud.sagemaker.tuning.ranges import (
    CategoricalRange,
    ContinuousRange,
    IntegerRange,
    combinations,
    read_ranges,
    types,
)


def one(kind, **members):
    values = {"Name": "p", "MinValue": "0", "MaxValue": "1"} | members
    return read_ranges({f"{kind}ParameterRanges": [{k: v for k, v in values.items() if v is not None}]})[0]


def test_all_three_kinds_are_read():
    found = read_ranges(
        {
            "ContinuousParameterRanges": [{"Name": "a", "MinValue": "0.1", "MaxValue": "1e-0"}],
            "IntegerParameterRanges": [{"Name": "b", "MinValue": "2", "MaxValue": "10"}],
            "CategoricalParameterRanges": [{"Name": "c", "Values": ["x", "y"]}],
        }
    )
    assert found == (
        IntegerRange("b", 2, 10),
        ContinuousRange("a", 0.1, 1.0),
        CategoricalRange("c", ("x", "y")),
    )


@pytest.mark.parametrize(
    ("kind", "members", "said"),
    [
        ("Continuous", {"MinValue": "2"}, "ContinuousParameterRanges p: MinValue 2.0 is greater than MaxValue 1.0"),
        ("Integer", {"MinValue": "2"}, "IntegerParameterRanges p: MinValue 2 is greater than MaxValue 1"),
        ("Continuous", {"MinValue": "low"}, "MinValue is 'low'; it must be a number"),
        ("Continuous", {"MaxValue": "inf"}, "MaxValue is 'inf'; it must be a number"),
        ("Continuous", {"MaxValue": "nan"}, "MaxValue is 'nan'; it must be a number"),
        ("Integer", {"MaxValue": "1.5"}, "MaxValue is '1.5'; it must be an integer"),
        ("Continuous", {"ScalingType": "Logarithmic"}, "Logarithmic needs a MinValue greater than 0; it is 0.0"),
        ("Integer", {"ScalingType": "Logarithmic"}, "Logarithmic needs a MinValue greater than 0; it is 0"),
        ("Integer", {"ScalingType": "ReverseLogarithmic"}, "ReverseLogarithmic is for continuous ranges only"),
        ("Continuous", {"ScalingType": "ReverseLogarithmic"}, "needs 0 <= MinValue and MaxValue < 1"),
        (
            "Continuous",
            {"ScalingType": "ReverseLogarithmic", "MinValue": "-0.1", "MaxValue": "0.9"},
            "needs 0 <= MinValue and MaxValue < 1",
        ),
        ("Categorical", {"Values": ["a", "a"]}, "CategoricalParameterRanges p: Values must be unique"),
    ],
)
def test_what_sagemaker_refuses_is_refused(kind, members, said):
    with pytest.raises(ApiError) as refusal:
        one(kind, **members)
    assert refusal.value.code == "ValidationException"
    assert said in refusal.value.message


def test_a_name_stands_in_one_range_only():
    both = {
        "ContinuousParameterRanges": [{"Name": "p", "MinValue": "0", "MaxValue": "1"}],
        "CategoricalParameterRanges": [{"Name": "p", "Values": ["a"]}],
    }
    with pytest.raises(ApiError, match="Names in ParameterRanges must be unique, but p stands there 2 times"):
        read_ranges(both)


def test_some_range_is_needed_and_thirty_are_enough():
    with pytest.raises(ApiError, match="holds no range"):
        read_ranges({"IntegerParameterRanges": []})
    many = [{"Name": f"p{number}", "MinValue": "0", "MaxValue": "1"} for number in range(20)]
    named = [{"Name": f"c{number}", "Values": ["a"]} for number in range(11)]
    with pytest.raises(ApiError, match="31 ranges; at most 30"):
        read_ranges({"IntegerParameterRanges": many, "CategoricalParameterRanges": named})


@pytest.mark.parametrize(
    ("low", "high", "log"), [("0.001", "1", True), ("0.01", "1", False), ("0", "1", False), ("-1", "1", False)]
)
def test_auto_counts_factors_over_three_orders_of_magnitude(low, high, log):
    assert one("Continuous", MinValue=low, MaxValue=high, ScalingType="Auto").log is log


def test_reverse_logarithmic_samples_what_is_missing_to_one():
    found = one("Continuous", MinValue="0.9", MaxValue="0.999", ScalingType="ReverseLogarithmic")
    assert found.bounds == pytest.approx((0.001, 0.1))
    assert float(found.write(0.001)) == pytest.approx(0.999)
    assert found.read("0.99") == pytest.approx(0.01)


@given(st.floats(0, 0.999), st.floats(0, 0.999), st.floats(0, 1))
def test_a_reversed_value_stays_in_its_range(first, second, where):
    low, high = sorted((first, second))
    found = ContinuousRange("p", low, high, log=True, reverse=True)
    bottom, top = found.bounds
    value = float(found.write(bottom + where * (top - bottom)))
    assert low <= value <= high
    read = found.read(repr(value))
    assert read is not None
    assert bottom <= read <= top


@pytest.mark.parametrize("text", ["0", "10", "3", "3.0", "much", ""])
def test_a_value_from_elsewhere_counts_if_the_range_holds_it(text):
    assert IntegerRange("p", 1, 5).read(text) == (3 if text == "3" else None)
    assert ContinuousRange("p", 1, 5).read(text) == (3.0 if text in ("3", "3.0") else None)
    assert CategoricalRange("p", ("3", "x")).read(text) == ("3" if text == "3" else None)


def test_values_are_written_as_the_script_reads_them():
    assert ContinuousRange("p", 0, 1).write(0.1 + 0.2) == "0.30000000000000004"
    assert IntegerRange("p", 0, 9).write(7) == "7"
    assert CategoricalRange("p", ("01", "x")).write("01") == "01"


def test_a_grid_has_the_product_of_its_values():
    assert combinations([CategoricalRange("a", ("1", "2")), CategoricalRange("b", ("1", "2", "3"))]) == 6


def test_the_type_of_each_hyperparameter_is_known_by_name():
    assert types(
        {"IntegerParameterRanges": [{"Name": "a"}], "CategoricalParameterRanges": [{"Name": "b"}, {"Name": "c"}]}
    ) == {"a": "Integer", "b": "Categorical", "c": "Categorical"}
