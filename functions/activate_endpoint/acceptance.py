"""What makes a deployment count: it answers as evaluated, follows its load, and the alias leads to it."""

from dataclasses import dataclass

from sluice.alias import Alias
from sluice.aws.aliases import Aliases
from sluice.aws.autoscaling import VariantScaling
from sluice.aws.endpoints import Endpoint
from sluice.aws.golden_requests import GoldenRequests
from sluice.aws.production import Deployment
from sluice.aws.registry import Registry
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition import Asynchronous, MultiModel, RealTime, Serverless
from sluice.naming import SINGLE_VARIANT, variant_of
from sluice.smoke_test import SmokeTest


@dataclass(frozen=True)
class Acceptance:
    registry: Registry
    definitions: VersionDefinitions
    golden: GoldenRequests
    scaling: VariantScaling
    aliases: Aliases

    def smoke_test(self, model: str, arriving: Deployment) -> SmokeTest:
        """Raises TransientError for what need not be the model's doing."""
        if arriving.trial and arriving.trial.kind == "shadow":
            return SmokeTest(True, "a shadow answers nobody, so it was not asked")
        if arriving.way_back and arriving.mode == "asynchronous":
            return SmokeTest(True, "it served before, and may sleep, so it was not asked")
        target: dict[str, str] = {}
        if arriving.trial:
            target["TargetVariant"] = variant_of(arriving.package.version)
        if arriving.target_model:
            target["TargetModel"] = arriving.target_model
        package = self.registry.package(arriving.package.arn)
        return self.golden.smoke_test(model, package, arriving.endpoint_name, arriving.mode, **target)

    def accept(self, model: str, arriving: Deployment, endpoint: Endpoint) -> int:
        """Answers for how many minutes an endpoint that traffic leaves is kept."""
        settings = self.definitions.deployment_of(arriving.package.arn)
        if isinstance(settings, RealTime | Asynchronous | MultiModel):
            for variant in endpoint.variants:
                self.scaling.scale(endpoint.name, variant, settings.autoscaling)
        champion = arriving.trial.champion if arriving.trial else arriving.package
        by_api = settings.capture if isinstance(settings, Serverless | MultiModel) else None
        self.aliases.put(
            Alias(
                model=model,
                endpoint_name=arriving.endpoint_name,
                mode=arriving.mode,
                version=champion.version,
                definition_uri=self.definitions.uri(champion.arn),
                variants=_versions(arriving),
                target_model=arriving.target_model,
                api_captures_percent=by_api.sampling_percent if by_api else 0,
            )
        )
        return settings.grace_minutes


def _versions(arriving: Deployment) -> dict[str, int]:
    version = arriving.package.version
    if arriving.trial is None:
        return {SINGLE_VARIANT: version}
    champion = arriving.trial.champion.version
    if arriving.trial.kind == "shadow":
        return {variant_of(champion): champion}
    return {variant_of(champion): champion, variant_of(version): version}
