import importlib
import subprocess
import sys

import click
import pytest

from cli.main import COMMANDS, run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_by_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert f"sluice {name}" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_and_the_command_agree(name: str) -> None:
    command = importlib.import_module(COMMANDS[name][0]).command
    assert isinstance(command, click.Command)
    assert command.name == name


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["nope"], ["--nope"], ["init"], ["init", "x.csv"], ["approve", "m", "1"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().out == ""


def test_an_error_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "no-such-file.csv", "--target", "x"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "sluice: no-such-file.csv: no such file. Give the path of a CSV or Parquet file\n"


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--debug", "init", "no-such-file.csv", "--target", "x"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_help_loads_nothing_heavy() -> None:
    """The promise behind a quick `sluice --help`; the modules' import times make nearly all of a command's start."""
    script = (
        "import sys\nfrom cli.main import run\nrun(['--help'])\n"
        "heavy = {'boto3', 'botocore', 'pandas', 'pydantic', 'rich', 'yaml', 'ministack'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
