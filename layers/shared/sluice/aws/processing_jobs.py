"""Processing jobs that a function asks for itself; those of a run are its state machine's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sluice.errors import BadInputError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True)
class ProcessingJobs:
    client: "SageMakerClient"

    def start(self, request: Mapping[str, Any]) -> None:
        """CreateProcessingJob; one of that name that is there already is this one, asked for before.

        Raises BadInputError for what the account or the request would be refused for again.
        """
        try:
            self.client.create_processing_job(**request)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code == "ResourceInUse" or "already exist" in message:
                return
            if code in ("ValidationException", "ResourceLimitExceeded"):
                raise BadInputError(f"SageMaker refused the job: {message}") from error
            raise
