from localcloud.sagemaker.logs import LogShipper
from tests.fakes.aws_clients import FakeLogs

GROUP, STREAM = "/aws/sagemaker/TrainingJobs", "job/algo-1-1"


def test_everything_put_before_close_arrives_in_order_and_in_few_calls():
    logs = FakeLogs()
    shipper = LogShipper(lambda: logs, GROUP, STREAM)
    for number in range(1000):
        shipper.put(f"line {number}")
    shipper.close(5)
    assert logs.streams[GROUP, STREAM] == [f"line {number}" for number in range(1000)]
    assert logs.calls < 10


def test_an_empty_line_is_kept_as_cloudwatch_takes_it():
    logs = FakeLogs()
    shipper = LogShipper(lambda: logs, GROUP, STREAM)
    shipper.put("")
    shipper.close(5)
    assert logs.streams[GROUP, STREAM] == [" "]


def test_big_lines_do_not_make_a_call_too_big():
    logs = FakeLogs()
    shipper = LogShipper(lambda: logs, GROUP, STREAM)
    for _ in range(12):
        shipper.put("x" * 250_000)
    shipper.close(5)
    assert len(logs.streams[GROUP, STREAM]) == 12
    assert logs.calls >= 4


def test_a_role_that_may_not_write_logs_is_told_and_nothing_blocks():
    shipper = LogShipper(lambda: FakeLogs(denied=True), GROUP, STREAM)
    shipper.put("line")
    shipper.close(5)
    shipper.put("after")
    assert "logs:CreateLogGroup" in shipper.refused


def test_a_group_that_is_there_already_is_used():
    logs = FakeLogs()
    logs.groups.add(GROUP)
    shipper = LogShipper(lambda: logs, GROUP, STREAM)
    shipper.put("line")
    shipper.close(5)
    assert logs.streams[GROUP, STREAM] == ["line"]


def test_a_silent_container_makes_no_stream():
    logs = FakeLogs()
    LogShipper(lambda: logs, GROUP, STREAM).close(5)
    assert logs.streams == {}
