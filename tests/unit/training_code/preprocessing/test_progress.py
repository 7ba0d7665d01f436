import pytest

from preprocessing.progress import Progress


def test_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]):
    times = iter([0.0, 1.0, 9.9, 10.0, 15.0, 21.5])
    progress = Progress(clock=lambda: next(times))
    for count in range(1, 6):
        progress.rows("read", count * 1_000_000)
    assert capsys.readouterr().out.splitlines() == ["read 3,000,000 rows (10 s)", "read 5,000,000 rows (22 s)"]
