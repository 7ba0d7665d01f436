"""A custom resource: `sam deploy` alone publishes the training code, again whenever its layer changes."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes import CloudFormationCustomResourceEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.publish_code.custom_resource import respond
from functions.publish_code.publish_code import PublishCode
from functions.publish_code.training_code import TrainingCode
from sluice.aws import clients
from sluice.aws.entry_point import entry_point
from sluice.aws.settings import settings


@entry_point
@event_source(data_class=CloudFormationCustomResourceEvent)
def handle(event: CloudFormationCustomResourceEvent, context: LambdaContext) -> dict[str, Any]:
    if event.request_type == "Delete":  # registered versions may still need the code, so it stays
        return respond(event, dict)
    publisher = PublishCode(clients.s3(), settings().bucket)
    return respond(event, lambda: publisher.publish(TrainingCode.from_layer()))
