"""What the plans of jobs take from the stack."""

from sluice.aws.code_store import stored_code
from sluice.aws.settings import Settings
from sluice.images import image_uri
from sluice.plan import Surroundings


def surroundings_of(settings: Settings) -> Surroundings:
    return Surroundings(
        stage=settings.stage,
        bucket=settings.bucket,
        role_arn=settings.sagemaker_role_arn,
        image_uri=image_uri("xgboost", settings.region),
        code=stored_code(settings.bucket, settings.code_sha256),
        kms_key_arn=settings.kms_key_arn or None,
    )
