from localcloud.sagemaker.jobs.failures import (
    MAX_REASON,
    algorithm_error,
    clip,
    exit_code,
    last_error,
    message_file,
    script_failure,
)

TRACEBACK = ["Traceback (most recent call last):", '  File "train.py", line 1, in <module>', "ValueError: bad"]


def test_the_reason_quotes_the_last_traceback_alone():
    stderr = [*TRACEBACK, "retrying", "Traceback (most recent call last):", "  again", "KeyError: 'x'"]
    assert last_error(stderr, 500).splitlines() == ["Traceback (most recent call last):", "  again", "KeyError: 'x'"]


def test_without_a_traceback_it_quotes_the_last_lines():
    assert last_error([f"line {number}" for number in range(50)], 500).splitlines()[0] == "line 30"
    assert last_error([], 500) == ""


def test_a_long_error_loses_its_beginning_never_its_end():
    reason = algorithm_error(script_failure(1, ["x" * 5000, "ValueError: the point"], "python3 train.py"), 1)
    assert len(reason) <= MAX_REASON
    assert "ValueError: the point" in reason
    assert reason.startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage")
    assert reason.endswith(", exit code: 1")


def test_the_host_of_several_is_named():
    assert algorithm_error("broke", 2, "algo-2") == "AlgorithmError: algo-2: broke, exit code: 2"


def test_a_process_that_the_kernel_killed_says_so():
    assert exit_code(-9) == 137
    assert exit_code(3) == 3
    assert "OutOfMemory: Process killed by SIGKILL (signal 9)" in script_failure(137, [], "python3 train.py")


def test_the_message_file_counts_up_to_1024_characters(tmp_path):
    file = tmp_path / "failure"
    assert message_file(file) == ""
    file.write_text("why " + "é" * 2000)
    assert len(message_file(file)) == 1024
    assert message_file(tmp_path) == ""


def test_a_clipped_text_shows_that_it_is():
    assert clip("abc", 3) == "abc"
    assert clip("abcd", 3) == "ab…"
