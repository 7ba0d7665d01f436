"""What the comparison of servers rests on: the load generator counts true answers only, and all sides agree."""

import json
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from benchmarks import endpoint, servers, serving
from benchmarks.inference import Trained
from benchmarks.servers import BARE, BENTOML, MLSERVER, OURS
from benchmarks.sides.load import BadAnswer, body_of

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nX: y\r\n\r\n0.25\n"


@pytest.mark.parametrize("received", [b"", ANSWER[:12], ANSWER[:-6], ANSWER[:-1]])
def test_an_answer_counts_when_all_of_it_is_there(received: bytes):
    assert body_of(bytearray(received)) is None
    assert body_of(bytearray(ANSWER)) == b"0.25\n"


@pytest.mark.parametrize("answer", [ANSWER.replace(b"200 OK", b"500 No"), ANSWER.replace(b"content-length", b"length")])
def test_an_answer_that_cannot_count_ends_the_measurement(answer: bytes):
    with pytest.raises(BadAnswer, match="the server answered"):
        body_of(bytearray(answer))


def test_servers_that_score_differently_are_not_compared():
    serving._check({OURS: 0.0532275923, BARE: 0.05322759225964546})
    with pytest.raises(SystemExit, match="do not give the same scores"):
        serving._check({OURS: 0.0532275923, BARE: 0.0532277})


def test_ours_is_compared_with_the_better_of_the_two_servers():
    faster, bare = serving._rows(8, {OURS: 4000.0, MLSERVER: 800.0, BENTOML: 1000.0, BARE: 2000.0})
    assert (faster.other_is, faster.ratio, faster.met) == ("BentoML; MLServer takes 1,250", 4.0, True)
    assert (bare.ratio, bare.met) == (0.5, True)
    slower, bare = serving._rows(1, {OURS: 1500.0, MLSERVER: 1000.0, BENTOML: 900.0, BARE: 4000.0})
    assert (slower.met, bare.met) == (False, False)
    assert slower.to_json()["why"] == bare.to_json()["why"] == serving.WHY


def test_the_endpoint_is_asked_with_a_signature_of_the_caller():
    caller = endpoint.Caller("http://127.0.0.1:4566", Credentials("key", "secret", "token"))
    head, body = endpoint.signed_request(caller, b"1,2\n").split(b"\r\n\r\n")
    start, *headers = head.decode().split("\r\n")
    assert (start, body) == ("POST /endpoints/bench/invocations HTTP/1.1", b"1,2\n")
    found = dict(header.split(": ", 1) for header in headers)
    assert found["Content-Length"] == "4"
    assert found["X-Amz-Security-Token"] == "token"
    assert found["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    found = Trained(tmp_path / "model", tmp_path / "raw.csv", tmp_path / "encoded.csv")
    found.raw.write_text("Yes,0.5\nNo,1\n")
    found.encoded.write_text("1,0.5\n0,1\n")
    return found


@pytest.mark.parametrize(
    ("name", "answer"),
    [(OURS, "0.25\n"), (BARE, "[0.25]"), (BENTOML, "[0.25]"), (MLSERVER, '{"outputs": [{"data": [0.25]}]}')],
)
def test_each_side_is_given_the_same_row_in_its_own_form(tmp_path: Path, trained: Trained, name: str, answer: str):
    numbers = [1.0, 0.5]
    side = {
        OURS: lambda: servers.ours(trained, 7, 9),
        BARE: lambda: servers.bare(trained, numbers, 9, "uvicorn"),
        BENTOML: lambda: servers.bentoml(trained, numbers, tmp_path, 9, "bentoml"),
        MLSERVER: lambda: servers.mlserver(trained, numbers, tmp_path, (9, 10, 11), "mlserver"),
    }[name]()
    assert side.name == name
    assert side.port == 9
    assert side.score(answer) == 0.25
    body = side.request.to_bytes().split(b"\r\n\r\n")[1].decode()
    assert body == "Yes,0.5\n" if name == OURS else "[1.0, 0.5]" in json.dumps(json.loads(body))
