import subprocess
import sys

from localcloud.sagemaker.jobs.bytecode import supply


def test_a_module_is_compiled_once_for_all_jobs(tmp_path):
    for job in ("one", "two"):
        (tmp_path / job).mkdir()
        (tmp_path / job / "mine.py").write_text("VALUE = 1\n")
        (tmp_path / job / "broken.py").write_text("def (:\n")
        supply(tmp_path / job, tmp_path / "cache")
    assert len(list((tmp_path / "cache").rglob("*.pyc"))) == 1
    assert (tmp_path / "two" / "__pycache__").is_dir()


def test_bytecode_that_does_not_fit_the_source_is_not_used(tmp_path):
    module = tmp_path / "mine.py"
    module.write_text("VALUE = 1\n")
    supply(tmp_path, tmp_path / "cache")
    module.write_text("VALUE = 2\n")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import mine; print(mine.VALUE)"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"
