import pytest

from localcloud.errors import ApiError
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances, serverless


def test_a_config_is_described_with_its_variants(api):
    api.model()
    made = api.config("c1", instances())
    assert made["EndpointConfigArn"] == "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/c1"
    (variant,) = api("DescribeEndpointConfig", EndpointConfigName="c1")["ProductionVariants"]
    assert variant == instances() | {"InitialVariantWeight": 1.0}


def test_a_variant_needs_an_existing_model(api):
    with pytest.raises(ApiError, match='Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/m1"'):
        api.config("c1", instances())


@pytest.mark.parametrize(
    ("variants", "more", "words"),
    [
        (
            [serverless(MemorySizeInMB=1500)],
            {},
            "Value '1500' at 'productionVariants.1.member.serverlessConfig.memorySizeInMB'",
        ),
        ([serverless(MemorySizeInMB=7168)], {}, "less than or equal to 6144"),
        ([serverless(MaxConcurrency=201)], {}, "less than or equal to 200"),
        (
            [serverless(ProvisionedConcurrency=1)],
            {},
            r"ProductionVariants\[0\].ServerlessConfig.ProvisionedConcurrency is not",
        ),
        (
            [serverless() | {"InstanceType": "ml.m5.large"}],
            {},
            "InstanceType cannot be given together with ServerlessConfig",
        ),
        ([serverless(), instances(name="b")], {}, "can have only that one variant"),
        ([instances(), instances()], {}, 'The variant name "AllTraffic" was non-unique'),
        ([{"VariantName": "a", "ModelName": "m1"}], {}, r"ProductionVariants\[0\].InstanceType is required"),
        (
            [instances(AcceleratorType="ml.eia1.medium")],
            {},
            r"ProductionVariants\[0\].AcceleratorType is not implemented",
        ),
        ([instances()], {"AsyncInferenceConfig": {"OutputConfig": {}}}, "AsyncInferenceConfig is not implemented"),
        (
            [instances()],
            {"ShadowProductionVariants": [instances(name="s")]},
            "ShadowProductionVariants is not implemented",
        ),
    ],
)
def test_what_aws_or_the_local_cloud_refuses_is_named(api, variants, more, words):
    api.model()
    with pytest.raises(ApiError, match=words) as refusal:
        api.config("c1", *variants, **more)
    assert refusal.value.code == "ValidationException"


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        (serverless(), "not supported for serverless"),
        (instances(), "DataCaptureConfig is not implemented by the local cloud"),
    ],
)
def test_data_capture_is_refused_for_its_own_reason(api, variant, words):
    api.model()
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://b/c",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    with pytest.raises(ApiError, match=words):
        api.config("c1", variant, DataCaptureConfig=capture)
    api.config("c1", variant, DataCaptureConfig=capture | {"EnableCapture": False})


def test_a_name_is_taken_once_and_can_be_deleted(api):
    api.model()
    api.config("c1", instances())
    with pytest.raises(ApiError, match="Cannot create already existing endpoint configuration"):
        api.config("c1", instances())
    api("DeleteEndpointConfig", EndpointConfigName="c1")
    with pytest.raises(ApiError, match=r'Could not find endpoint configuration "arn:.*endpoint-config/c1"'):
        api("DescribeEndpointConfig", EndpointConfigName="c1")
    assert api("ListEndpointConfigs")["EndpointConfigs"] == []
