import pytest

from localcloud.api import ApiError
from localcloud.sagemaker.images import repository, require_runnable


@pytest.mark.parametrize(
    "image",
    [
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0",
        "451049120500.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-scikit-learn:1.4-2-cpu-py3",
        "1.dkr.ecr.x.amazonaws.com/sagemaker-xgboost@sha256:abc",
        "sagemaker-xgboost",
    ],
)
def test_framework_images_run_whatever_their_registry_and_tag(image):
    assert require_runnable(image, "Image") == repository(image)


@pytest.mark.parametrize(
    "image", ["1.dkr.ecr.x.amazonaws.com/my-algorithm:1", "python:3.11", "x/sagemaker-xgboost-mine:1"]
)
def test_other_images_are_refused_with_their_field(image):
    with pytest.raises(ApiError, match="script mode only") as refusal:
        require_runnable(image, "AppSpecification.ImageUri")
    assert refusal.value.message.startswith(f"AppSpecification.ImageUri is {image};")
