"""What the demo sends when the world moves."""

from cli.demo.traffic import MOST_ROWS, enough, moved
from tests.definitions import definition

MODEL = definition()
NUMERIC = next(name for name, feature in MODEL.data.features.items() if feature.type == "numeric")


def rows(number: int) -> list[dict[str, str]]:
    return [{NUMERIC: str(at), "key": str(at)} for at in range(number)]


def test_each_row_is_sent_once() -> None:
    """The same few rows again and again look like drift in whatever they have by chance."""
    sent, how = moved(rows(900), NUMERIC, MODEL)
    assert how == f"{NUMERIC} from 450 on"
    assert sorted(int(row["key"]) for row in enough(sent, 200)) == list(range(450, 900))


def test_of_many_rows_some_are_sent() -> None:
    sent, _ = moved(rows(5000), NUMERIC, MODEL)
    assert len(sent) == len({row["key"] for row in sent}) == MOST_ROWS


def test_a_small_files_rows_are_repeated_until_a_check_can_judge_them() -> None:
    sent, _ = moved(rows(100), NUMERIC, MODEL)
    assert len(enough(sent, 200)) == 200
