"""What the layer carries reaches the bucket whole: a job that lacks a file fails minutes into a run."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from functions.publish_code.publish_code import PublishCode
from functions.publish_code.training_code import TrainingCode
from tests.unit.functions.conftest import BUCKET, StageUnderTest

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "training_code"


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """The training code as SAM builds the layer."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    command = ["make", "--no-print-directory", "build-TrainingCodeLayer"]
    subprocess.run(command, cwd=SOURCE, env={**own, "ARTIFACTS_DIR": str(tmp_path)}, check=True, capture_output=True)
    return tmp_path / "python"


@pytest.fixture
def attached(layer: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingCode:
    monkeypatch.syspath_prepend(layer)
    monkeypatch.delitem(sys.modules, "training_code", raising=False)
    return TrainingCode.from_layer()


def test_the_layer_holds_every_file_of_the_training_code(layer: Path) -> None:
    files = {path.relative_to(SOURCE) for path in SOURCE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    source = {path for path in files if not path.parts[0].startswith(".")}  # tools' caches
    built = {path.relative_to(layer / "training_code") for path in layer.rglob("*") if path.is_file()}
    assert built == source - {Path("Makefile")}


def test_what_the_layer_holds_is_published_with_its_type(attached: TrainingCode, stage: StageUnderTest) -> None:
    answer = PublishCode(stage.s3, BUCKET).publish(attached)

    prefix = f"code/{attached.sha256}/"
    assert answer == {"Sha256": attached.sha256, "Prefix": f"s3://{BUCKET}/{prefix}"}
    published = set(stage.keys(f"{prefix}processing/"))
    assert published == {f"{prefix}processing/{name}" for name in attached.files}
    template, script = "page/template.html", "evaluate.py"
    for name, content_type in ((template, "text/html; charset=utf-8"), (script, "text/x-python")):
        stored = stage.s3.get_object(Bucket=BUCKET, Key=f"{prefix}processing/{name}")
        assert stored["ContentType"] == content_type
        assert stored["Body"].read() == (SOURCE / name).read_bytes()
    archive = stage.s3.get_object(Bucket=BUCKET, Key=f"{prefix}sourcedir.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert set(tar.getnames()) == set(attached.files)


def test_bytecode_does_not_change_the_address(layer: Path, attached: TrainingCode) -> None:
    compiled = layer / "training_code" / "__pycache__" / "evaluate.cpython-313.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"bytecode")
    assert TrainingCode.from_layer() == attached


def test_a_changed_part_of_the_page_has_another_address(layer: Path, attached: TrainingCode) -> None:
    style = layer / "training_code" / "page" / "style.css"
    style.write_text(style.read_text() + "\n")
    assert TrainingCode.from_layer().sha256 != attached.sha256


def test_a_layer_that_is_not_attached_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "training_code", raising=False)
    with pytest.raises(FileNotFoundError, match="training code layer is not attached"):
        TrainingCode.from_layer()
