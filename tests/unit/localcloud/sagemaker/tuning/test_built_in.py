"""SageMaker's own XGBoost image needs no metric definitions; any other does."""

import re

import pytest

from localcloud.sagemaker.tuning.built_in import metric_definitions

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"


def test_its_lines_are_read_as_xgboost_prints_them() -> None:
    line = "[7]#011train-auc:0.91#011validation-auc:0.8712"

    known = metric_definitions({"TrainingImage": XGBOOST})
    found = {one["Name"]: match[1] for one in known if (match := re.match(one["Regex"], line))}

    assert found == {"train:auc": "0.91", "validation:auc": "0.8712"}


@pytest.mark.parametrize("own", [[], [{"Name": "a", "Regex": "a=(.*)"}]])
def test_other_images_have_what_the_request_defines(own: list[dict[str, str]]) -> None:
    mine = {"TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:3", "MetricDefinitions": own}

    assert list(metric_definitions(mine)) == own


def test_what_a_request_defines_itself_stands() -> None:
    own = [{"Name": "a", "Regex": "a=(.*)"}]

    assert metric_definitions({"TrainingImage": XGBOOST, "MetricDefinitions": own}) == own
