"""The definition as it stood when a version was trained: that is how the version is deployed."""

from dataclasses import dataclass

from pydantic import ValidationError

from sluice.aws.objects import ObjectMissingError, Objects
from sluice.aws.registry import Registry
from sluice.definition import Deployment, Model
from sluice.errors import BadInputError


@dataclass(frozen=True)
class VersionDefinitions:
    objects: Objects
    registry: Registry

    def of(self, package_arn: str) -> Model:
        """Raises BadInputError for a package that no run of ours registered, or whose definition is gone."""
        try:
            return Model.model_validate(self._document(package_arn))
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise BadInputError(
                f"{package_arn} cannot be deployed: its definition is not valid any more: {told}"
            ) from None

    def uri(self, package_arn: str) -> str:
        """Where its definition.json lies. Raises BadInputError as of() does."""
        uri = self.registry.package(package_arn).metadata.get("definition")
        if uri is None:
            raise BadInputError(
                f"{package_arn} has no `definition` among its customer metadata: only versions that a run registered "
                "can be deployed"
            )
        return uri

    def deployment_of(self, package_arn: str) -> Deployment:
        return self.of(package_arn).deployment

    def _document(self, package_arn: str) -> object:
        uri = self.uri(package_arn)
        try:
            return self.objects.read_json(uri)
        except ObjectMissingError as error:
            raise BadInputError(f"{package_arn} cannot be deployed: its definition is gone ({error})") from error
