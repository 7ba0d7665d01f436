import json

import pytest
from werkzeug.wrappers import Response

from localcloud.sagemaker.hosting.serving import defaults
from localcloud.sagemaker.hosting.serving.transform import ScriptError, invocation, transform_of
from localcloud.sagemaker.hosting.serving.wire import Request


def ask(transform, body=b"1,2", **headers):
    request = Request("POST", "/invocations", {name.replace("_", "-"): value for name, value in headers.items()}, body)
    return invocation("model", transform, request)


def test_the_three_functions_are_chained_with_the_containers_arguments():
    functions = {
        "input_fn": lambda body, content_type: [body, content_type],
        "predict_fn": lambda data, model: [*data, model],
        "output_fn": lambda prediction, accept: (json.dumps([*prediction, accept]), accept),
    }
    reply = ask(transform_of(functions, dict), content_type="text/csv", accept="application/json")
    assert json.loads(reply.body) == ["1,2", "text/csv", "model", "application/json"]
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")


def test_gaps_are_filled_by_the_frameworks_handlers():
    functions = {"predict_fn": lambda data, model: data * 2}
    transform = transform_of(functions, lambda: defaults.handlers("scikit-learn"))
    reply = ask(transform, b"[[1, 2]]", content_type="application/json", accept="text/csv")
    assert reply.body == b"2.0,4.0\n"
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_transform_fn_replaces_all_three():
    transform = transform_of(
        {"transform_fn": lambda model, body, content_type, accept: (f"{model} {accept}", accept)}, dict
    )
    assert ask(transform, accept="text/plain").body == b"model text/plain"


def test_transform_fn_and_the_others_exclude_each_other():
    with pytest.raises(ScriptError, match="Cannot use transform_fn"):
        transform_of({"transform_fn": len, "output_fn": len}, dict)


def seen_by_the_script(**headers):
    seen = []
    ask(lambda model, body, content_type, accept: seen.append((body, content_type, accept)) or "", **headers)
    return seen[0]


def test_json_and_csv_come_as_text_the_rest_as_bytes():
    assert seen_by_the_script(content_type="text/csv")[0] == "1,2"
    assert seen_by_the_script(content_type="application/json")[0] == "1,2"
    assert seen_by_the_script(content_type="application/x-npy")[0] == b"1,2"


def test_parameters_of_content_type_and_accept_reach_the_script_untouched():
    headers = {"content_type": "application/jsonlines; charset=utf-8", "accept": "text/csv; output=both; x=1"}
    assert seen_by_the_script(**headers) == (b"1,2", headers["content_type"], headers["accept"])


def test_content_type_and_accept_default_to_json(monkeypatch):
    assert seen_by_the_script()[1:] == ("application/json", "application/json")
    assert seen_by_the_script(accept="*/*")[2] == "application/json"
    monkeypatch.setenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv")
    assert seen_by_the_script(accept="*/*")[2] == "text/csv"


@pytest.mark.parametrize(
    "error", [ValueError("row 3"), defaults.UnsupportedFormatError("image/png"), TypeError("no"), KeyError("x")]
)
def test_every_exception_of_a_script_is_a_500_as_in_the_containers(error, capsys):
    def fail(*_):
        raise error

    reply = ask(fail)
    assert reply.status == 500
    assert b"Internal Server Error" in reply.body
    assert b"row 3" not in reply.body
    assert type(error).__name__ in capsys.readouterr().err


def test_a_script_answers_400_with_a_flask_response():
    reply = ask(lambda *_: Response("row 3, column 'tenure': 'abc' is not a number", status=400, mimetype="text/plain"))
    assert reply.status == 400
    assert reply.body == b"row 3, column 'tenure': 'abc' is not a number"
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_script_answers_400_with_a_bare_wsgi_callable():
    def refusal(environ, start_response):
        assert environ["REQUEST_METHOD"] == "POST"
        start_response("400 Bad Request", [("Content-Type", "application/json")])
        return [b'{"error": ', b'"row 3"}']

    reply = ask(lambda *_: refusal)
    assert (reply.status, reply.body) == (400, b'{"error": "row 3"}')


@pytest.mark.parametrize(
    ("result", "body", "content_type"),
    [
        ("text", b"text", "text/html; charset=utf-8"),
        (b"bytes", b"bytes", "text/html; charset=utf-8"),
        ({"a": 1}, b'{"a":1}\n', "application/json"),
        ((b"\x00", "application/x-npy"), b"\x00", "application/x-npy"),
    ],
)
def test_what_flask_takes_for_a_response_is_one(result, body, content_type):
    reply = ask(lambda *_: result)
    assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, body, content_type)


@pytest.mark.parametrize("result", [None, 3, (object(), "text/csv")])
def test_anything_else_is_the_scripts_error(result):
    assert ask(lambda *_: result).status == 500
