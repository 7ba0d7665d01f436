import pytest

from localcloud.api import ApiError
from localcloud.sagemaker.metrics import MetricScanner, check

AUC = {"Name": "validation:auc", "Regex": r".*\[[0-9]+\].*validation-auc:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*"}


def test_the_last_value_is_the_final_one():
    scanner = MetricScanner([AUC])
    for line in ("[0]\ttrain-auc:0.9\tvalidation-auc:0.5", "nothing", "[1]\ttrain-auc:0.9\tvalidation-auc:8.1e-1"):
        scanner.feed(line)
    (final,) = scanner.final()
    assert (final["MetricName"], final["Value"]) == ("validation:auc", 0.81)


def test_tabs_match_as_cloudwatch_shows_them():
    scanner = MetricScanner([{"Name": "validation:auc", "Regex": r"#011validation-auc:(\S+)"}])
    assert [metric.value for metric in scanner.feed("[3]\ttrain-auc:0.9\tvalidation-auc:0.7")] == [0.7]


def test_what_is_no_number_is_no_metric():
    scanner = MetricScanner([{"Name": "loss", "Regex": r"loss=(\S+)"}])
    assert scanner.feed("loss=unknown") == []
    assert scanner.final() == []


@pytest.mark.parametrize(("regex", "told"), [("loss=(", "is invalid"), ("loss=.*", "captures nothing")])
def test_a_regex_that_cannot_work_is_refused_by_its_name(regex, told):
    with pytest.raises(ApiError, match=told) as refusal:
        check([{"Name": "loss", "Regex": regex}])
    assert "loss" in refusal.value.message
