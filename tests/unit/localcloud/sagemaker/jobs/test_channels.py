import gzip
import json

import pytest

from localcloud.sagemaker.jobs.channels import Downloader, Source, relative_name
from localcloud.sagemaker.jobs.failures import JobFailure
from localcloud.sagemaker.jobs.s3 import S3Files
from tests.fakes.aws_clients import FakeS3

ROLE = "arn:aws:iam::000000000000:role/jobs"


@pytest.fixture
def s3():
    fake = FakeS3()
    for name in ("a.csv", "b.csv", "deep/c.csv", "d.csv", "e.csv"):
        fake.put(f"s3://bucket/data/{name}", name.encode())
    fake.put("s3://bucket/data/folder/", b"")
    return fake


def fetch(s3, source, target, index=0, count=1):
    Downloader(S3Files(s3), ROLE, "us-east-1").fetch(source, target, index, count)
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def test_a_prefix_comes_with_its_folders_and_every_page(s3, tmp_path):
    found = fetch(s3, Source("s3://bucket/data/", "/opt/ml/x"), tmp_path)
    assert found == {name: name.encode() for name in ("a.csv", "b.csv", "deep/c.csv", "d.csv", "e.csv")}


@pytest.mark.parametrize(
    ("prefix", "key", "name"),
    [
        ("data/", "data/a.csv", "a.csv"),
        ("data", "data/a.csv", "a.csv"),
        ("data/a.csv", "data/a.csv", "a.csv"),
        ("data/tr", "data/train.csv", "train.csv"),
        ("data/tr", "data/tr/a.csv", "a.csv"),
        ("", "data/a.csv", "data/a.csv"),
    ],
)
def test_where_an_object_lies(prefix, key, name):
    assert relative_name(key, prefix) == name


def test_shards_split_the_objects_without_loss(s3, tmp_path):
    source = Source("s3://bucket/data/", "/opt/ml/x", sharded=True)
    parts = [fetch(s3, source, tmp_path / str(index), index, 2) for index in range(2)]
    assert sorted(parts[0].keys() | parts[1].keys()) == ["a.csv", "b.csv", "d.csv", "deep/c.csv", "e.csv"]
    assert not parts[0].keys() & parts[1].keys()


def test_a_manifest_names_its_objects(s3, tmp_path):
    s3.put("s3://bucket/m.json", json.dumps([{"prefix": "s3://bucket/data/"}, "a.csv", "deep/c.csv"]).encode())
    found = fetch(s3, Source("s3://bucket/m.json", "/opt/ml/x", "ManifestFile"), tmp_path)
    assert found == {"a.csv": b"a.csv", "deep/c.csv": b"deep/c.csv"}


@pytest.mark.parametrize("body", [b"no json", b"{}", b"[]", b'["a.csv"]', b"3"])
def test_a_manifest_that_is_none_is_explained(s3, tmp_path, body):
    s3.put("s3://bucket/m.json", body)
    with pytest.raises(
        JobFailure, match=r"^ClientError: Data download failed: the manifest s3://bucket/m\.json must be"
    ):
        fetch(s3, Source("s3://bucket/m.json", "/opt/ml/x", "ManifestFile"), tmp_path)


@pytest.mark.parametrize("name", ["/outside.csv", "../outside.csv", "a/../../outside.csv", "a//b.csv"])
@pytest.mark.parametrize("prefix", ["s3://bucket/data/x.", "s3://bucket/data/"])
def test_a_manifest_leads_nowhere_but_below_its_channel(s3, tmp_path, prefix, name):
    s3.put(f"{prefix}{name}", b"evil")
    s3.put("s3://bucket/m.json", json.dumps([{"prefix": prefix}, name]).encode())
    with pytest.raises(JobFailure, match="has an illegal char sub-sequence"):
        fetch(s3, Source("s3://bucket/m.json", "/opt/ml/x", "ManifestFile"), tmp_path / "deep" / "channel")
    assert not list(tmp_path.rglob("*.csv"))


def test_an_object_that_a_manifest_lists_and_s3_lacks_fails_the_job(s3, tmp_path):
    s3.put("s3://bucket/m.json", json.dumps([{"prefix": "s3://bucket/data/"}, "a.csv", "gone.csv"]).encode())
    with pytest.raises(JobFailure, match=r"^ClientError: Data download failed: s3://bucket/data/gone\.csv: NoSuchKey"):
        fetch(s3, Source("s3://bucket/m.json", "/opt/ml/x", "ManifestFile"), tmp_path)


def test_gzip_is_unpacked_and_loses_its_suffix(s3, tmp_path):
    s3.put("s3://bucket/zip/a.csv.gz", gzip.compress(b"1,2"))
    s3.put("s3://bucket/zip/b", gzip.compress(b"3,4"))
    assert fetch(s3, Source("s3://bucket/zip/", "/x", gzipped=True), tmp_path) == {"a.csv": b"1,2", "b": b"3,4"}


def test_what_is_no_gzip_is_named(s3, tmp_path):
    with pytest.raises(JobFailure, match=r"a\.csv is not gzip"):
        fetch(s3, Source("s3://bucket/data/a.csv", "/x", gzipped=True), tmp_path)


def test_a_prefix_without_objects_says_what_to_check(s3, tmp_path):
    with pytest.raises(JobFailure) as failure:
        fetch(s3, Source("s3://bucket/nothing/", "/x"), tmp_path)
    assert failure.value.reason == (
        'ClientError: Data download failed: No S3 objects found under S3 URL "s3://bucket/nothing/" given in input '
        "data source. Please ensure that the bucket exists in the selected region (us-east-1), that objects exist "
        f'under that S3 prefix, and that the role "{ROLE}" has "s3:ListBucket" permissions on bucket "bucket".'
    )


def test_a_bucket_that_is_not_there_and_a_role_that_may_not_are_s3s_own_words(s3, tmp_path):
    with pytest.raises(JobFailure, match="NoSuchBucket: The specified bucket does not exist"):
        fetch(s3, Source("s3://absent/data/", "/x"), tmp_path)
    s3.denied = {"GetObject"}
    with pytest.raises(JobFailure, match=r"s3://bucket/data/a\.csv: AccessDenied"):
        fetch(s3, Source("s3://bucket/data/a.csv", "/x"), tmp_path)


@pytest.mark.parametrize("key", ["data/x//y.csv", "data/../../etc/passwd", "data//y.csv"])
def test_a_key_that_is_no_path_is_refused_and_writes_nothing(tmp_path, key):
    s3 = FakeS3()
    s3.put(f"s3://evil/{key}", b"x")
    with pytest.raises(JobFailure, match="has an illegal char sub-sequence"):
        fetch(s3, Source("s3://evil/data", "/x"), tmp_path / "channel")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_two_dots_in_a_name_are_fine(tmp_path):
    s3 = FakeS3()
    s3.put("s3://bucket/data/a..b.csv", b"x")
    assert fetch(s3, Source("s3://bucket/data/", "/x"), tmp_path) == {"a..b.csv": b"x"}


def test_a_key_that_is_file_and_folder_is_explained(tmp_path):
    s3 = FakeS3()
    s3.put("s3://bucket/data/a", b"x")
    s3.put("s3://bucket/data/a/b", b"x")
    with pytest.raises(JobFailure, match="is a file and, by another key, a folder"):
        fetch(s3, Source("s3://bucket/data/", "/x"), tmp_path)


def test_a_download_can_be_called_off(s3, tmp_path):
    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Downloader(S3Files(s3), ROLE, "us-east-1", stop).fetch(Source("s3://bucket/data/", "/x"), tmp_path)
