import pytest

from localcloud.errors import ApiError

ROLE = "arn:aws:iam::000000000000:role/r"
ARN = "arn:aws:sagemaker:us-east-1:000000000000:model/m1"


def test_a_model_is_described_as_it_was_asked_for(api):
    assert api.model() == {"ModelArn": ARN}
    model = api("DescribeModel", ModelName="m1")
    assert model["PrimaryContainer"]["ModelDataUrl"] == "s3://bucket/model.tar.gz"
    assert model["ModelArn"] == ARN


def test_the_caller_must_be_allowed_to_pass_the_role_to_sagemaker(api):
    api.cloud.denied = {"iam:PassRole"}
    with pytest.raises(ApiError, match="iam:PassRole on resource: arn:aws:iam::000000000000:role/sluice-dev-sagemaker"):
        api.model()
    (asked,) = [each for each in api.cloud.authorizations if each.action == "iam:PassRole"]
    assert asked.context == {"iam:PassedToService": "sagemaker.amazonaws.com"}


def test_the_role_must_trust_sagemaker(api):
    api.cloud.untrusting = {"arn:aws:iam::000000000000:role/sluice-dev-sagemaker"}
    with pytest.raises(ApiError, match="Could not assume role"):
        api.model()


@pytest.mark.parametrize(
    ("code", "words"), [("404", "Could not find model data at"), ("403", "Could not access model data at")]
)
def test_the_artifact_must_be_there_and_readable_by_the_role(api, code, words):
    api.s3.lacking = {"model.tar.gz": code}
    with pytest.raises(ApiError, match=f"{words} s3://bucket/model.tar.gz"):
        api.model()


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"Image": "000.dkr.ecr.us-east-1.amazonaws.com/my-own:1"}, "PrimaryContainer.Image is .* script mode only"),
        ({"Environment": {}}, "PrimaryContainer.Environment has no SAGEMAKER_PROGRAM"),
        (
            {"Mode": "MultiModel", "ModelDataUrl": "https://bucket/models"},
            "PrimaryContainer.ModelDataUrl is 'https",
        ),
        ({"ModelDataUrl": "https://bucket/model.tar.gz"}, "PrimaryContainer.ModelDataUrl is 'https"),
        (
            {"MultiModelConfig": {"ModelCacheSetting": "Enabled"}},
            "PrimaryContainer.MultiModelConfig can be given only with Mode MultiModel",
        ),
    ],
)
def test_what_cannot_run_here_is_refused_with_its_field(api, container, words):
    with pytest.raises(ApiError, match=words):
        api.model(**container)


def test_a_multi_model_container_names_a_prefix_that_may_still_be_empty(api):
    api.s3.lacking = {"models/": "404"}
    api.model(Mode="MultiModel", ModelDataUrl="s3://bucket/models/", MultiModelConfig={"ModelCacheSetting": "Disabled"})
    served = api.hosting._models.served("m1")
    assert (served.multi_model, served.cached, served.artifact.key) == (True, False, "models/")


def test_a_multi_model_container_does_not_come_from_a_package(api):
    api("CreateModelPackageGroup", ModelPackageGroupName="churn")
    container = {"ModelPackageName": "arn:aws:sagemaker:us-east-1:000000000000:model-package/churn/1"}
    with pytest.raises(ApiError, match="Mode MultiModel takes Image and ModelDataUrl"):
        api("CreateModel", ModelName="m1", ExecutionRoleArn=ROLE, PrimaryContainer=container | {"Mode": "MultiModel"})


def test_a_model_package_brings_image_artifact_and_environment(api):
    api("CreateModelPackageGroup", ModelPackageGroupName="churn")
    packaged = {
        "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0",
        "ModelDataUrl": "s3://bucket/packaged.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    }
    specification = {"Containers": [packaged]}
    made = api("CreateModelPackage", ModelPackageGroupName="churn", InferenceSpecification=specification)
    api(
        "CreateModel",
        ModelName="m1",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/r",
        Containers=[{"ModelPackageName": made["ModelPackageArn"], "Environment": {"MORE": "yes"}}],
    )
    served = api.hosting._models.served("m1")
    assert served.artifact.url == "s3://bucket/packaged.tar.gz"
    assert served.framework == "xgboost"
    assert served.environment == {"SAGEMAKER_PROGRAM": "inference.py", "MORE": "yes"}


def test_a_missing_model_package_is_named(api):
    with pytest.raises(ApiError, match="model-package/churn/1 does not exist"):
        api(
            "CreateModel",
            ModelName="m1",
            ExecutionRoleArn="arn:aws:iam::000000000000:role/r",
            PrimaryContainer={"ModelPackageName": "arn:aws:sagemaker:us-east-1:000000000000:model-package/churn/1"},
        )


def test_a_name_is_taken_once_and_free_again_after_delete(api):
    api.model()
    with pytest.raises(ApiError, match=f'Cannot create already existing model "{ARN}"'):
        api.model()
    api("DeleteModel", ModelName="m1")
    with pytest.raises(ApiError, match=f'Could not find model "{ARN}"'):
        api("DescribeModel", ModelName="m1")
    api.model()


def test_models_are_listed_newest_first(api):
    for name in ("m1", "m2", "other"):
        api.model(name)
    assert [model["ModelName"] for model in api("ListModels", NameContains="m")["Models"]] == ["m2", "m1"]
