import pytest

from sluice.images import UnknownImageError, image_uri


@pytest.mark.parametrize(
    ("framework", "region", "uri"),
    [
        ("xgboost", "us-east-1", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"),
        ("xgboost", "cn-north-1", "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:3.2-0"),
        ("xgboost", "us-gov-west-1", "414596584902.dkr.ecr.us-gov-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"),
        (
            "scikit-learn",
            "eu-west-1",
            "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3",
        ),
        ("model-monitor", "us-east-1", "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"),
    ],
)
def test_the_uri_is_the_one_that_aws_publishes(framework: str, region: str, uri: str) -> None:
    assert image_uri(framework, region) == uri


def test_an_unknown_region_is_answered_with_the_near_ones() -> None:
    with pytest.raises(UnknownImageError, match=r"'eu-west-9'.*eu-west-1") as raised:
        image_uri("xgboost", "eu-west-9")
    assert "us-gov-west-1" not in str(raised.value)


def test_a_region_like_no_other_is_answered_with_its_area_or_with_all() -> None:
    with pytest.raises(UnknownImageError, match=r"me-central-1, me-south-1"):
        image_uri("xgboost", "me-x")
    with pytest.raises(UnknownImageError, match=r"af-south-1.*us-west-2"):
        image_uri("xgboost", "mars")


def test_an_unknown_framework_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownImageError, match="model-monitor, scikit-learn, xgboost"):
        image_uri("tensorflow", "us-east-1")
