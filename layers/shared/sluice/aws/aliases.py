"""The alias of each model, in SSM Parameter Store."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.alias import Alias
from sluice.naming import alias_parameter, alias_path

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


@dataclass(frozen=True)
class Aliases:
    client: "SSMClient"
    stage: str

    def get(self, model: str) -> Alias | None:
        try:
            found = self.client.get_parameter(Name=alias_parameter(self.stage, model))
        except self.client.exceptions.ParameterNotFound:
            return None
        return Alias.from_json(found["Parameter"]["Value"])

    def all(self) -> list[Alias]:
        """The stage's, by model. In an account that only deploys, too, whose bucket knows no models."""
        pages = self.client.get_paginator("get_parameters_by_path").paginate(
            Path=alias_path(self.stage), Recursive=True
        )
        found = (each for page in pages for each in page["Parameters"] if each["Name"].endswith("/alias"))
        return sorted((Alias.from_json(each["Value"]) for each in found), key=lambda alias: alias.model)

    def put(self, alias: Alias) -> None:
        self.client.put_parameter(
            Name=alias_parameter(self.stage, alias.model),
            Value=alias.to_json(),
            Type="String",
            Overwrite=True,
            Description=f"Where requests to {alias.model} go",
        )

    def remove(self, model: str) -> None:
        try:
            self.client.delete_parameter(Name=alias_parameter(self.stage, model))
        except self.client.exceptions.ParameterNotFound:
            return
