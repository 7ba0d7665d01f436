"""Where Sluice's resources are: the stack's outputs say it."""

from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from cli.errors import OperationFailedError
from cli.target import Aws
from sluice.naming import package_group_name


@dataclass(frozen=True)
class Stack:
    """The stack of one stage, by its outputs."""

    stage: str
    bucket: str
    state_table: str
    state_machine_arn: str
    registry_account: str | None = None
    """Whose registered versions are deployed here; None where they are this account's own."""
    inference_api_url: str | None = None

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, str]) -> "Stack":
        """Raises KeyError with the name of a missing output."""
        return cls(
            stage=outputs["Stage"],
            bucket=outputs["BucketName"],
            state_table=outputs["StateTableName"],
            state_machine_arn=outputs["RetrainStateMachineArn"],
            registry_account=outputs.get("RegistryAccountId"),
            inference_api_url=outputs.get("InferenceApiUrl"),
        )

    def package_group(self, model: str) -> str:
        """The group's name; of another account's registry its ARN, by which SageMaker finds it there."""
        name = package_group_name(self.stage, model)
        if self.registry_account is None:
            return name
        partition, region = (self.state_machine_arn.split(":")[position] for position in (1, 3))
        return f"arn:{partition}:sagemaker:{region}:{self.registry_account}:model-package-group/{name}"


def stack_name(stage: str) -> str:
    return f"sluice-{stage}"


def find_stack(aws: Aws) -> Stack:
    """Raises OperationFailedError when the target has no such stack, or one that is not Sluice's."""
    target = aws.target
    name = stack_name(target.stage)
    try:
        described = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        how = f"sam deploy --config-env {target.stage}" if target.is_aws else "sluice up"
        raise OperationFailedError(f"there is no stack {name} on {target}. Deploy it with: {how}") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    try:
        return Stack.from_outputs(outputs)
    except KeyError as error:
        status = described.get("StackStatus", "unknown")
        raise OperationFailedError(
            f"stack {name} ({status}) on {target} has no output {error}. Deploy this version of Sluice again"
        ) from None
