import pytest

from localcloud.errors import ApiError
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances, serverless

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://b/c",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
BOTH = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json", "text/csv"]}
OUTPUT = {"S3OutputPath": "s3://b/answers"}
SHADOW = instances(name="s")
SHAP = {"ShapConfig": {"ShapBaselineConfig": {"ShapBaseline": "1,2"}}}


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
            [serverless(ProvisionedConcurrency=6)],
            {},
            r"ProductionVariants\[0\].ServerlessConfig.ProvisionedConcurrency is 6; .* MaxConcurrency, 5",
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
        ([instances()], {"ExplainerConfig": {"ClarifyExplainerConfig": SHAP}}, "ExplainerConfig is not implemented"),
        ([instances()], {"AsyncInferenceConfig": {"OutputConfig": {}}}, "OutputConfig.S3OutputPath is required"),
        (
            [instances()],
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "https://b/x"}}},
            "AsyncInferenceConfig.OutputConfig.S3OutputPath is 'https",
        ),
        (
            [instances()],
            {
                "AsyncInferenceConfig": {
                    "OutputConfig": OUTPUT
                    | {"NotificationConfig": {"IncludeInferenceResponseIn": ["ERROR_NOTIFICATION_TOPIC"]}}
                }
            },
            "NotificationConfig.IncludeInferenceResponseIn is not implemented",
        ),
        ([serverless()], {"AsyncInferenceConfig": {"OutputConfig": OUTPUT}}, "not supported for serverless"),
        ([instances("several")], {"AsyncInferenceConfig": {"OutputConfig": OUTPUT}}, "not supported for multi-model"),
        (
            [instances()],
            {"AsyncInferenceConfig": {"OutputConfig": OUTPUT}, "DataCaptureConfig": CAPTURE},
            "DataCaptureConfig is not implemented by the local cloud together with AsyncInferenceConfig",
        ),
        (
            [instances()],
            {"DataCaptureConfig": CAPTURE | {"DestinationS3Uri": "https://b/x"}},
            "DataCaptureConfig.DestinationS3Uri is 'https",
        ),
        (
            [instances()],
            {"DataCaptureConfig": CAPTURE | {"CaptureContentTypeHeader": BOTH}},
            "CaptureContentTypeHeader has text/csv as CSV and as JSON",
        ),
        ([instances("several")], {"DataCaptureConfig": CAPTURE}, "not supported for multi-model"),
        ([instances()], {"ShadowProductionVariants": [instances()]}, 'The variant name "AllTraffic" was non-unique'),
        ([instances()], {"ShadowProductionVariants": [SHADOW, instances(name="t")]}, "only one variant"),
        ([instances(), instances(name="b")], {"ShadowProductionVariants": [SHADOW]}, "only one variant"),
        ([serverless()], {"ShadowProductionVariants": [SHADOW]}, "not supported for serverless"),
        ([instances("several")], {"ShadowProductionVariants": [SHADOW]}, "not supported for multi-model"),
        ([instances()], {"ShadowProductionVariants": [instances("no", "s")]}, "Could not find model"),
        (
            [instances()],
            {"ShadowProductionVariants": [instances(name="s", RoutingConfig={"RoutingStrategy": "RANDOM"})]},
            r"ShadowProductionVariants\[0\].RoutingConfig is not implemented",
        ),
        (
            [instances()],
            {"ShadowProductionVariants": [SHADOW], "AsyncInferenceConfig": {"OutputConfig": OUTPUT}},
            "not supported with AsyncInferenceConfig",
        ),
        ([serverless("several")], {}, "Mode MultiModel cannot be served by a serverless endpoint"),
    ],
)
def test_what_aws_or_the_local_cloud_refuses_is_named(api, variants, more, words):
    api.model()
    api.model("several", Mode="MultiModel", ModelDataUrl="s3://bucket/models/")
    with pytest.raises(ApiError, match=words) as refusal:
        api.config("c1", *variants, **more)
    assert refusal.value.code == "ValidationException"


def test_data_capture_that_is_switched_off_may_stand_in_any_config(api):
    api.model()
    with pytest.raises(ApiError, match="not supported for serverless"):
        api.config("c1", serverless(), DataCaptureConfig=CAPTURE)
    api.config("c1", serverless(), DataCaptureConfig=CAPTURE | {"EnableCapture": False})


def test_a_config_is_described_with_its_modes(api):
    api.model()
    api.config("c1", instances(), DataCaptureConfig=CAPTURE, ShadowProductionVariants=[SHADOW])
    described = api("DescribeEndpointConfig", EndpointConfigName="c1")
    assert described["DataCaptureConfig"] == CAPTURE
    assert described["ShadowProductionVariants"] == [SHADOW | {"InitialVariantWeight": 1.0}]


def test_a_name_is_taken_once_and_can_be_deleted(api):
    api.model()
    api.config("c1", instances())
    with pytest.raises(ApiError, match="Cannot create already existing endpoint configuration"):
        api.config("c1", instances())
    api("DeleteEndpointConfig", EndpointConfigName="c1")
    with pytest.raises(ApiError, match=r'Could not find endpoint configuration "arn:.*endpoint-config/c1"'):
        api("DescribeEndpointConfig", EndpointConfigName="c1")
    assert api("ListEndpointConfigs")["EndpointConfigs"] == []
