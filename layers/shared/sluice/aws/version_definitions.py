"""The definition as it stood when a version was trained: that is how the version is deployed."""

from dataclasses import dataclass, field

from pydantic import ValidationError

from sluice.aws.objects import ObjectMissingError, Objects
from sluice.aws.registry import Registry
from sluice.definition import Deployment, Model
from sluice.errors import BadInputError


@dataclass(frozen=True)
class VersionDefinitions:
    objects: Objects
    registry: Registry
    _uris: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    _models: dict[str, Model] = field(default_factory=dict, compare=False, repr=False)
    """By package ARN, what was read once: a version's definition does not change."""

    def of(self, package_arn: str) -> Model:
        """Raises BadInputError for a package that no run of ours registered, or whose definition is gone."""
        if package_arn not in self._models:
            self._models[package_arn] = self._read(package_arn)
        return self._models[package_arn]

    def _read(self, package_arn: str) -> Model:
        try:
            return Model.model_validate(self._document(package_arn))
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise BadInputError(
                f"{package_arn} cannot be deployed: its definition is not valid any more: {told}"
            ) from None

    def uri(self, package_arn: str) -> str:
        """Where its definition.json lies. Raises BadInputError as of() does."""
        if package_arn not in self._uris:
            uri = self.registry.package(package_arn).metadata.get("definition")
            if uri is None:
                raise BadInputError(
                    f"{package_arn} has no `definition` among its customer metadata: only versions that a run "
                    "registered can be deployed"
                )
            self._uris[package_arn] = uri
        return self._uris[package_arn]

    def deployment_of(self, package_arn: str) -> Deployment:
        return self.of(package_arn).deployment

    def _document(self, package_arn: str) -> object:
        uri = self.uri(package_arn)
        try:
            return self.objects.read_json(uri)
        except ObjectMissingError as error:
            raise BadInputError(f"{package_arn} cannot be deployed: its definition is gone ({error})") from error
