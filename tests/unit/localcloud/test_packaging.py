"""A template and its folders, as what CloudFormation takes."""

import io
import os
import textwrap
import zipfile
from pathlib import Path

import pytest

from localcloud.packaging import Package, PackagingError, archive, package, read_template, source_files

TEMPLATE = """
    Resources:
      Shared:
        Type: AWS::Serverless::LayerVersion
        Metadata: {BuildMethod: python3.13}
        Properties: {ContentUri: shared}
      Data:
        Type: AWS::Serverless::LayerVersion
        Metadata: {BuildMethod: makefile}
        Properties: {ContentUri: data}
      Greet:
        Type: AWS::Serverless::Function
        Metadata: {BuildProperties: {ParentPackageMode: explicit, ParentPackages: functions.greet}}
        Properties: {CodeUri: functions/greet, Handler: functions.greet.handler.handle}
      Machine:
        Type: AWS::Serverless::StateMachine
        Properties: {DefinitionUri: machine.asl.yaml}
      Elsewhere:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: {Bucket: theirs, Key: code.zip}}
      Queue: {Type: AWS::SQS::Queue}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "template.yaml": textwrap.dedent(TEMPLATE),
        "shared/words/__init__.py": "",
        "shared/words/__pycache__/__init__.cpython-311.pyc": "bytecode",
        "shared/tests/test_words.py": "",
        "data/Makefile": "build-Data:\n\techo $${MAKELEVEL} > level; cp level $(ARTIFACTS_DIR)/names.txt; rm level\n",
        "functions/greet/handler.py": "def handle(event, context): ...",
        "machine.asl.yaml": "StartAt: Greet",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def names(packaged: Package, logical_id: str) -> list[str]:
    [content] = [one.content for one in packaged.artifacts if one.key.startswith(logical_id)]
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_function_keeps_its_parent_packages(project: Path) -> None:
    assert names(package(project / "template.yaml", "bucket"), "Greet") == ["functions/greet/handler.py"]


def test_a_python_layer_lies_under_python_without_tests_and_bytecode(project: Path) -> None:
    assert names(package(project / "template.yaml", "bucket"), "Shared") == ["python/words/__init__.py"]


def test_a_makefile_layer_is_what_its_target_makes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "--dry-run")

    assert names(package(project / "template.yaml", "bucket"), "Data") == ["names.txt"]


def test_local_paths_become_places_in_the_bucket_and_others_stay(project: Path) -> None:
    packaged = package(project / "template.yaml", "bucket")

    resources = packaged.template["Resources"]
    keys = {one.key for one in packaged.artifacts}
    places = [
        resources["Shared"]["Properties"]["ContentUri"],
        resources["Data"]["Properties"]["ContentUri"],
        resources["Greet"]["Properties"]["CodeUri"],
        resources["Machine"]["Properties"]["DefinitionUri"],
    ]
    assert {place["Key"] for place in places} == keys
    assert {place["Bucket"] for place in places} == {"bucket"}
    assert resources["Elsewhere"]["Properties"]["CodeUri"] == {"Bucket": "theirs", "Key": "code.zip"}


def test_the_same_content_has_the_same_name(project: Path) -> None:
    first = package(project / "template.yaml", "bucket")
    os.utime(project / "functions/greet/handler.py", (0, 0))
    assert package(project / "template.yaml", "bucket") == first

    (project / "functions/greet/handler.py").write_text("changed")
    changed = {one.key for one in package(project / "template.yaml", "bucket").artifacts}

    assert len(changed - {one.key for one in first.artifacts}) == 1


def test_executables_stay_executable(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)

    [entry] = zipfile.ZipFile(io.BytesIO(archive(source_files(tmp_path)))).infolist()

    assert entry.external_attr >> 16 == 0o100755


def test_a_missing_folder_is_named(project: Path) -> None:
    (project / "machine.asl.yaml").unlink()

    with pytest.raises(
        PackagingError, match=r"Machine\.DefinitionUri names .*machine\.asl\.yaml, which does not exist"
    ):
        package(project / "template.yaml", "bucket")


def test_a_failing_make_shows_what_it_said(project: Path) -> None:
    (project / "data/Makefile").write_text("build-Data:\n\t@echo no space left >&2; exit 1\n")

    with pytest.raises(PackagingError, match=r"(?s)Data: `make .*no space left"):
        package(project / "template.yaml", "bucket")


def test_a_build_method_that_is_not_known_is_refused(project: Path) -> None:
    template = (project / "template.yaml").read_text()
    (project / "template.yaml").write_text(template.replace("python3.13", "nodejs22.x"))

    with pytest.raises(PackagingError, match=r"Shared: .* not 'nodejs22\.x'"):
        package(project / "template.yaml", "bucket")


def test_short_forms_of_intrinsics_are_read(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("A: !Ref B\nC: !GetAtt D.E.F\nG: !Sub ['${x}', {x: !Ref Y}]\nH: !If [I, !Ref J, {K: !Sub L}]\n")

    assert read_template(template) == {
        "A": {"Ref": "B"},
        "C": {"Fn::GetAtt": ["D", "E.F"]},
        "G": {"Fn::Sub": ["${x}", {"x": {"Ref": "Y"}}]},
        "H": {"Fn::If": ["I", {"Ref": "J"}, {"K": {"Fn::Sub": "L"}}]},
    }


def test_a_template_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("a: [")

    with pytest.raises(PackagingError, match=r"template\.yaml cannot be read as a template"):
        read_template(tmp_path / "template.yaml")
