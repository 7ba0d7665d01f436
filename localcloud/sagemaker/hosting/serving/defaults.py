"""The handlers that the framework containers bring when inference.py defines none. Imported only when needed."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
LIBSVM_TYPES = ("text/libsvm", "text/x-libsvm")

Handler = Callable[..., Any]


class UnsupportedFormatError(Exception):
    """No default handler reads or writes this content type."""

    def __init__(self, content_type: str) -> None:
        super().__init__(
            f"Content type {content_type} is not supported by this framework. "
            "Implement input_fn to deserialize the request data or output_fn to serialize the response."
        )


def model_fn(_model_dir: str) -> Any:
    raise NotImplementedError("Please provide a model_fn implementation in the inference script.")


def handlers(framework: str) -> dict[str, Handler]:
    """`framework` is "xgboost" or "scikit-learn"."""
    if framework == "xgboost":
        return {"input_fn": xgboost_input, "predict_fn": xgboost_predict, "output_fn": encode}
    return {"input_fn": sklearn_input, "predict_fn": sklearn_predict, "output_fn": encode}


def sklearn_input(data: str | bytes, content_type: str) -> Any:
    import numpy

    array = _decode(data, content_type)
    return array.astype(numpy.float32) if content_type in (JSON, CSV) else array


def sklearn_predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def xgboost_input(data: str | bytes, content_type: str) -> Any:
    media_type = content_type.partition(";")[0].strip()
    text = data.decode() if isinstance(data, bytes) else data
    if media_type == CSV:
        return _csv_matrix(text)
    if media_type in LIBSVM_TYPES:
        return _libsvm_matrix(text)
    raise UnsupportedFormatError(media_type)


def xgboost_predict(data: Any, model: Any) -> Any:
    return model.predict(data, validate_features=False)


def encode(prediction: Any, accept: str) -> tuple[str | bytes, str]:
    if accept == JSON:
        return json.dumps(prediction, default=_plain), accept
    if accept == CSV:
        return _as_csv(prediction), accept
    if accept == NPY:
        return _as_npy(prediction), accept
    raise UnsupportedFormatError(accept)


def _decode(data: Any, content_type: str) -> Any:
    import numpy

    if content_type == JSON:
        return numpy.array(json.loads(data))
    if content_type == CSV:
        return numpy.array(list(csv.reader(io.StringIO(data), strict=True))).squeeze()
    if content_type == NPY:
        # The container reads pickles too; a request from outside must not run code here.
        return numpy.load(io.BytesIO(data), allow_pickle=False)
    raise UnsupportedFormatError(content_type)


def _csv_matrix(text: str) -> Any:
    import numpy
    import xgboost

    first = text.split("\n")[0][:512]
    sniffed = csv.Sniffer().sniff(first).delimiter
    delimiter = "," if sniffed.isalnum() else sniffed
    rows = [[cell or "nan" for cell in line.split(delimiter)] for line in text.split("\n")]
    return xgboost.DMatrix(numpy.array(rows).astype(float))


def _libsvm_matrix(text: str) -> Any:
    import numpy
    import xgboost

    rows = [_libsvm_row(line) for line in text.strip().split("\n")]
    indices = [index for row in rows for index in row]
    offset = 1 if min(indices) >= 1 else 0
    dense = numpy.zeros((len(rows), max(indices) - offset + 1))
    for position, row in enumerate(rows):
        for index, value in row.items():
            dense[position, index - offset] = value
    return xgboost.DMatrix(dense)


def _libsvm_row(line: str) -> dict[int, float]:
    pairs = (token.split(":", 1) for token in line.split() if ":" in token)
    return {int(index): float(value) for index, value in pairs}


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _as_csv(prediction: Any) -> str:
    import numpy

    array = numpy.array(prediction)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(array.reshape(-1, 1) if array.ndim == 1 else array)
    return stream.getvalue()


def _as_npy(prediction: Any) -> bytes:
    import numpy

    buffer = io.BytesIO()
    numpy.save(buffer, prediction)
    return buffer.getvalue()
