import pytest

from sluice.aws.object_writer import written_object
from tests.unit.functions.conftest import BUCKET, StageUnderTest

BLOCK = bytes(6 * 1024 * 1024)


@pytest.mark.parametrize("blocks", [0, 1, 3, 8])
def test_an_object_is_what_was_written(stage: StageUnderTest, blocks: int) -> None:
    with written_object(stage.objects, "a.csv", "text/csv", {"sluice:kind": "a b"}) as writer:
        for number in range(blocks):
            writer.write(bytes([number]) + BLOCK)

    body = stage.objects.read("a.csv")
    assert body == b"".join(bytes([number]) + BLOCK for number in range(blocks))
    assert stage.s3.head_object(Bucket=BUCKET, Key="a.csv")["ContentType"] == "text/csv"
    assert stage.s3.get_object_tagging(Bucket=BUCKET, Key="a.csv")["TagSet"] == [{"Key": "sluice:kind", "Value": "a b"}]


@pytest.mark.parametrize("blocks", [1, 4])
def test_after_an_error_there_is_no_object_and_no_part_that_is_paid_for(stage: StageUnderTest, blocks: int) -> None:
    def write_and_break() -> None:
        with written_object(stage.objects, "a.csv", "text/csv") as writer:
            for _ in range(blocks):
                writer.write(BLOCK)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_break()

    assert stage.keys() == []
    assert stage.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []
