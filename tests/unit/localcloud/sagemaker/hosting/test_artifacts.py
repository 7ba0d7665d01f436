import io
import tarfile

import pytest
from botocore.exceptions import ClientError

from localcloud.sagemaker.hosting.artifacts import DeploymentFailed, S3Object, unpack

SOURCE = S3Object("b", "models/model.tar.gz")


class Bucket:
    def __init__(self, data):
        self.data = data

    def get_object(self, Bucket, Key):
        if self.data is None:
            raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "GetObject")
        return {"Body": io.BytesIO(self.data)}


def archive(*names):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 2
            tar.addfile(member, io.BytesIO(b"hi"))
    return buffer.getvalue()


def test_an_archive_is_unpacked(tmp_path):
    unpack(Bucket(archive("model.ubj", "code/inference.py")), SOURCE, tmp_path / "model")
    assert (tmp_path / "model" / "code" / "inference.py").read_text() == "hi"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "Failed to download model data .* from URL: .s3://b/models/model.tar.gz"),
        (b"no archive", "Failed to extract model data archive"),
        (archive("../outside"), "Failed to extract model data archive"),
        (archive("/absolute/../../x"), "Failed to extract model data archive"),
    ],
)
def test_what_goes_wrong_is_said_in_sagemakers_words(tmp_path, data, words):
    with pytest.raises(DeploymentFailed, match=words):
        unpack(Bucket(data), SOURCE, tmp_path / "model")
    assert not (tmp_path / "outside").exists()
