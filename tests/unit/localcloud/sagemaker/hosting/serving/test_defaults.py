import io

import numpy
import pytest
import xgboost

from localcloud.sagemaker.hosting.serving import defaults


def npy(array):
    buffer = io.BytesIO()
    numpy.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        ("[[1, 2], [3, 4]]", "application/json"),
        ("1,2\n3,4", "text/csv"),
        (npy([[1.0, 2.0], [3.0, 4.0]]), "application/x-npy"),
    ],
)
def test_scikit_learn_reads_json_csv_and_npy(data, content_type):
    assert defaults.sklearn_input(data, content_type).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_pickles_from_outside_are_not_read():
    with pytest.raises(ValueError, match="allow_pickle"):
        defaults.sklearn_input(npy(numpy.array([{"a": 1}], dtype=object)), "application/x-npy")


def test_xgboost_reads_csv_with_gaps_and_libsvm():
    matrix = defaults.xgboost_input("1,,3\n4,5,6", "text/csv; charset=utf-8")
    assert (matrix.num_row(), matrix.num_col(), matrix.num_nonmissing()) == (2, 3, 5)
    matrix = defaults.xgboost_input(b"1 1:0.5 3:2\n0 2:1", "text/libsvm")
    assert (matrix.num_row(), matrix.num_col()) == (2, 3)


def test_xgboost_predicts_with_the_models_own_predict():
    data = numpy.arange(20.0).reshape(10, 2)
    model = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(data, label=data[:, 0]), num_boost_round=2)
    predicted = defaults.xgboost_predict(defaults.xgboost_input("2,3", "text/csv"), model)
    assert predicted == pytest.approx(model.predict(xgboost.DMatrix([[2.0, 3.0]])))


@pytest.mark.parametrize(
    ("accept", "body"),
    [("application/json", "[1.5, 2.0]"), ("text/csv", "1.5\n2.0\n"), ("application/x-npy", npy([1.5, 2.0]))],
)
def test_answers_are_written_as_asked(accept, body):
    assert defaults.encode(numpy.array([1.5, 2.0]), accept) == (body, accept)


@pytest.mark.parametrize("read", [defaults.sklearn_input, defaults.xgboost_input])
def test_an_unknown_content_type_is_named(read):
    with pytest.raises(defaults.UnsupportedFormatError, match="image/png"):
        read("x", "image/png")
    with pytest.raises(defaults.UnsupportedFormatError, match="image/png"):
        defaults.encode([1], "image/png")
