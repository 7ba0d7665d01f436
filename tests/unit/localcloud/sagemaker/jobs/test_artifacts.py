import io
import tarfile

import pytest

from localcloud.sagemaker.jobs.artifacts import Artifacts, Checkpoints, model_uri
from localcloud.sagemaker.jobs.failures import JobFailure
from localcloud.sagemaker.jobs.s3 import S3Files
from tests.fakes.aws_clients import FakeS3
from tests.waiting import eventually

OUTPUT = {"S3OutputPath": "s3://bucket/runs/1/model"}


def write(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def unpacked(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {member.name: tar.extractfile(member).read().decode() for member in tar if member.isfile()}


def test_a_model_is_tarred_below_the_jobs_name(tmp_path):
    s3 = FakeS3()
    model = write(tmp_path / "model", model="m", code__inference="i")
    Artifacts(S3Files(s3), OUTPUT, "job").upload("model", [model], tmp_path)
    uri = model_uri(OUTPUT, "job")
    assert s3.uris() == [uri] == ["s3://bucket/runs/1/model/job/output/model.tar.gz"]
    assert unpacked(s3.objects["bucket", "runs/1/model/job/output/model.tar.gz"]) == {
        "model": "m",
        "code/inference": "i",
    }


def test_several_hosts_give_one_artifact_and_the_first_host_wins(tmp_path):
    s3 = FakeS3()
    hosts = [write(tmp_path / "1", model="first", a="1"), write(tmp_path / "2", model="second", b="2")]
    Artifacts(S3Files(s3), OUTPUT, "job").upload("output", hosts, tmp_path)
    packed = s3.objects["bucket", "runs/1/model/job/output/output.tar.gz"]
    assert unpacked(packed) == {"model": "first", "a": "1", "b": "2"}


def test_nothing_is_uploaded_from_an_empty_directory(tmp_path):
    s3 = FakeS3()
    (tmp_path / "model" / "sub").mkdir(parents=True)
    Artifacts(S3Files(s3), OUTPUT, "job").upload("model", [tmp_path / "model"], tmp_path)
    assert s3.uris() == []


def test_compression_none_uploads_the_files_themselves(tmp_path):
    s3 = FakeS3()
    output = OUTPUT | {"CompressionType": "NONE"}
    Artifacts(S3Files(s3), output, "job").upload("model", [write(tmp_path / "m", model="m")], tmp_path)
    assert s3.uris() == [f"{model_uri(output, 'job')}model"]


def test_a_refused_upload_is_the_jobs_failure_and_the_key_encrypts(tmp_path):
    s3 = FakeS3()
    model = write(tmp_path / "model", model="m")
    Artifacts(S3Files(s3, "key-1"), OUTPUT, "job").upload("model", [model], tmp_path)
    assert s3.encryption["runs/1/model/job/output/model.tar.gz"] == {
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "key-1",
    }
    s3.denied = {"PutObject"}
    with pytest.raises(JobFailure, match=r"^ClientError: Artifact upload failed: .*AccessDenied"):
        Artifacts(S3Files(s3), OUTPUT, "job").upload("model", [model], tmp_path)


def test_checkpoints_come_back_and_only_changes_go_out(tmp_path):
    s3 = FakeS3()
    s3.put("s3://bucket/check/old.bin", b"old")
    checkpoints = Checkpoints(S3Files(s3), "s3://bucket/check", tmp_path, every_seconds=3600)
    checkpoints.restore()
    assert (tmp_path / "old.bin").read_bytes() == b"old"
    checkpoints.start()
    write(tmp_path, new="1")
    checkpoints.finish()
    assert s3.objects["bucket", "check/new"] == b"1"
    assert set(s3.encryption) == {"check/new"}


def test_a_checkpoint_that_the_script_deletes_is_deleted_in_s3_too(tmp_path):
    s3 = FakeS3()
    s3.put("s3://bucket/check/1.bin", b"first")
    s3.put("s3://bucket/other", b"not ours")
    checkpoints = Checkpoints(S3Files(s3), "s3://bucket/check", tmp_path, every_seconds=3600)
    checkpoints.restore()
    write(tmp_path, **{"2.bin": "second"})
    (tmp_path / "1.bin").unlink()
    checkpoints.finish()
    assert s3.uris() == ["s3://bucket/check/2.bin", "s3://bucket/other"]


def test_checkpoints_go_out_while_the_job_runs(tmp_path):
    s3 = FakeS3()
    checkpoints = Checkpoints(S3Files(s3), "s3://bucket/check/", tmp_path / "c", every_seconds=0.01)
    (tmp_path / "c").mkdir()
    checkpoints.start()
    write(tmp_path / "c", step="1")
    eventually(lambda: ("bucket", "check/step") in s3.objects)
    assert s3.objects["bucket", "check/step"] == b"1"
    checkpoints.finish()
