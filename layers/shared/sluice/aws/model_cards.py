"""SageMaker Model Cards: written once, changed only where they differ."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

Written = Literal["created", "updated", "unchanged", "archived"]


@dataclass(frozen=True)
class ModelCards:
    client: "SageMakerClient"
    kms_key_arn: str | None = None

    def write(self, name: str, content: str) -> Written:
        """Make the approved card of that name, or bring the one that is there to this content.

        content: JSON by SageMaker's model card schema. An archived card is a person's decision: it stays as it is.
        """
        request: dict[str, Any] = {"ModelCardName": name, "Content": content, "ModelCardStatus": "Approved"}
        if self.kms_key_arn:
            request["SecurityConfig"] = {"KmsKeyId": self.kms_key_arn}
        try:
            self.client.create_model_card(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise
            return self._bring_up_to_date(name, content)
        return "created"

    def _bring_up_to_date(self, name: str, content: str) -> Written:
        card = self.client.describe_model_card(ModelCardName=name)
        if card["ModelCardStatus"] == "Archived":
            return "archived"
        changed = json.loads(card["Content"]) != json.loads(content)
        # SageMaker takes content and status in separate calls.
        if changed:
            self.client.update_model_card(ModelCardName=name, Content=content)
        if card["ModelCardStatus"] != "Approved":
            self.client.update_model_card(ModelCardName=name, ModelCardStatus="Approved")
        return "updated" if changed or card["ModelCardStatus"] != "Approved" else "unchanged"
