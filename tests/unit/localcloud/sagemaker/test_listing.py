from datetime import UTC, datetime, timedelta

import pytest

from localcloud.api import ApiError
from localcloud.sagemaker.listing import page, select

START = datetime(2026, 1, 1, tzinfo=UTC)


def job(name, minutes, status="Completed"):
    created = START + timedelta(minutes=minutes)
    return {"Name": name, "Status": status, "CreationTime": created, "LastModifiedTime": created + timedelta(hours=1)}


JOBS = [job("beta-train", 2), job("alpha-train", 1, "Failed"), job("alpha-eval", 3)]


def names(**request):
    return [one["Name"] for one in select(JOBS, request, "Name", "Status")]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, ["alpha-train", "beta-train", "alpha-eval"]),
        ({"SortOrder": "Descending"}, ["alpha-eval", "beta-train", "alpha-train"]),
        ({"SortBy": "Name"}, ["alpha-eval", "alpha-train", "beta-train"]),
        ({"SortBy": "Status", "SortOrder": "Descending"}, ["alpha-train", "beta-train", "alpha-eval"]),
        ({"NameContains": "ALPHA"}, ["alpha-train", "alpha-eval"]),
        ({"StatusEquals": "Failed"}, ["alpha-train"]),
        ({"CreationTimeAfter": START + timedelta(minutes=2)}, ["beta-train", "alpha-eval"]),
        ({"CreationTimeBefore": START + timedelta(minutes=2)}, ["alpha-train", "beta-train"]),
        ({"LastModifiedTimeAfter": START + timedelta(minutes=63)}, ["alpha-eval"]),
    ],
)
def test_filters_and_order(request_, expected):
    assert names(**request_) == expected


def test_pages_join_to_the_whole_list():
    items, request, seen = list(range(7)), {"MaxResults": 3}, []
    while True:
        shown, token = page(items, request)
        seen += shown
        if token is None:
            break
        request["NextToken"] = token
    assert seen == items


def test_ten_is_a_page_unless_the_request_says_otherwise():
    shown, token = page(list(range(11)), {})
    assert len(shown) == 10
    assert token


@pytest.mark.parametrize("token", ["", "nonsense", "b2Zmc2V0Oi0x", "ü"])
def test_a_token_that_is_not_ours_is_refused(token):
    with pytest.raises(ApiError, match="Invalid NextToken"):
        page([], {"NextToken": token})
