import io
import tarfile

import pytest

from localcloud.sagemaker.jobs import source, toolkit
from localcloud.sagemaker.jobs.channels import Downloader
from localcloud.sagemaker.jobs.container import Container
from localcloud.sagemaker.jobs.failures import JobFailure
from localcloud.sagemaker.jobs.isolation import Isolation
from localcloud.sagemaker.jobs.s3 import S3Files
from tests.fakes.aws_clients import FakeS3

URI = "s3://bucket/code/sourcedir.tar.gz"


def archive(**files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", ".").replace("UP", ".."))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def container(tmp_path):
    return Container.create(tmp_path / "host", Isolation())


def install(s3, container, program="train.py", directory=URI):
    script = toolkit.read_hyperparameters({"sagemaker_program": program, "sagemaker_submit_directory": directory}, {})
    downloader = Downloader(S3Files(s3), "role", "us-east-1")
    return source.install(container, script, downloader)


def test_the_archive_lies_in_the_code_directory(s3, container):
    s3.put(URI, archive(train__py="print(1)", requirements__txt="# nothing\n\n"))
    assert install(s3, container) == ["requirements.txt", "train.py"]
    assert container.outside("/opt/ml/code/train.py").read_text() == "print(1)"


def test_a_shell_script_may_be_run(s3, container):
    s3.put(URI, archive(train__sh="echo"))
    install(s3, container, "train.sh")
    assert container.outside("/opt/ml/code/train.sh").stat().st_mode & 0o111


def test_requirements_are_refused_with_what_to_do(s3, container):
    s3.put(URI, archive(train__py="", requirements__txt="lightgbm\n"))
    with pytest.raises(JobFailure, match=r"installs nothing when a job starts\. Use what the framework image holds"):
        install(s3, container)


def test_a_program_that_is_not_there_is_told_with_what_is(s3, container):
    s3.put(URI, archive(main__py=""))
    with pytest.raises(JobFailure, match=rf"sagemaker_program is train\.py, but {URI} holds main\.py"):
        install(s3, container)


@pytest.mark.parametrize(
    "body", [b"", b"no archive", archive(train__py="x")[:40]], ids=["empty", "no archive", "cut off"]
)
def test_a_broken_archive_is_the_jobs_failure(s3, container, body):
    s3.put(URI, body)
    with pytest.raises(JobFailure, match="is not a tar archive that can be unpacked"):
        install(s3, container)


def test_an_archive_that_leaves_its_directory_is_refused(s3, container, tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../../escaped"))
    s3.put(URI, buffer.getvalue())
    with pytest.raises(JobFailure):
        install(s3, container)
    assert list(tmp_path.rglob("escaped")) == []


def test_code_may_come_by_a_channel(s3, container):
    container.write("/opt/ml/input/data/code/train.py", "print(1)")
    assert install(s3, container, directory="/opt/ml/input/data/code") == ["train.py"]


def test_a_submit_directory_outside_the_container_is_refused(s3, container):
    with pytest.raises(JobFailure, match="sagemaker_submit_directory is /etc, which cannot be read"):
        install(s3, container, directory="/etc")
