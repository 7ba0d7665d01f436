import subprocess
import sys
import threading

import pytest

from localcloud.sagemaker.jobs.output import HostLog, LineSplitter, read_output
from localcloud.sagemaker.logs import MAX_MESSAGE, LogShipper
from tests.fakes.aws_clients import FakeLogs


@pytest.fixture
def logs():
    return FakeLogs()


@pytest.fixture
def log(tmp_path, logs):
    return HostLog(tmp_path / "algo-1.log", LogShipper(lambda: logs, "group", "stream"))


def run(log, code):
    process = subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reader = threading.Thread(target=read_output, args=(process.stdout, process.stderr, log))
    reader.start()
    process.wait()
    reader.join(10)
    log.close(5)


def test_both_streams_are_kept_shipped_and_told_apart(log, logs, tmp_path):
    run(log, "import sys; print('out'); print('err', file=sys.stderr); sys.stdout.write('no newline')")
    assert sorted(logs.streams["group", "stream"]) == ["err", "no newline", "out"]
    assert sorted((tmp_path / "algo-1.log").read_text().splitlines()) == ["err", "no newline", "out"]
    assert log.stderr() == ["err"]


def test_a_crash_loses_no_line(log, logs):
    run(log, "import os, sys\nfor i in range(5000): print(i)\nsys.stderr.write('last words')\nos.kill(os.getpid(), 9)")
    shipped = logs.streams["group", "stream"]
    assert len(shipped) == 5001
    assert log.stderr() == ["last words"]


def test_bytes_that_are_no_text_do_not_stop_the_reader(log, logs):
    run(log, r"import sys; sys.stdout.buffer.write(b'\xff\xfe broken\r\nnext\n')")
    assert logs.streams["group", "stream"] == ["\ufffd\ufffd broken", "next"]


def test_a_role_without_log_permission_is_noted_in_the_file(tmp_path):
    log = HostLog(tmp_path / "algo-1.log", LogShipper(lambda: FakeLogs(denied=True), "group", "stream"))
    log.line("kept")
    log.close(5)
    kept, note = (tmp_path / "algo-1.log").read_text().splitlines()
    assert kept == "kept"
    assert "logs:CreateLogGroup" in note


def test_every_line_is_looked_at_for_metrics(tmp_path, logs):
    seen = []
    log = HostLog(tmp_path / "algo-1.log", LogShipper(lambda: logs, "group", "stream"), seen.append)
    log.line("[0] auc:0.5")
    log.close(5)
    assert seen == ["[0] auc:0.5"]


def test_a_search_that_breaks_does_not_stop_the_reader(tmp_path, logs):
    def broken(line):
        raise RuntimeError(line)

    log = HostLog(tmp_path / "algo-1.log", LogShipper(lambda: logs, "group", "stream"), broken)
    run(log, "print('one'); print('two')")
    assert logs.streams["group", "stream"] == ["one", "two"]


def test_lines_are_whole_however_the_bytes_come():
    splitter = LineSplitter()
    assert list(splitter.feed(b"one\ntw")) == ["one"]
    assert list(splitter.feed(b"o\n\n")) == ["two", ""]
    assert list(splitter.end()) == []


def test_an_endless_line_comes_in_parts_that_cloudwatch_takes():
    splitter = LineSplitter()
    parts = list(splitter.feed("é".encode() * MAX_MESSAGE))
    assert "".join(parts) == "é" * MAX_MESSAGE
    assert all(len(part.encode()) <= MAX_MESSAGE for part in parts)
