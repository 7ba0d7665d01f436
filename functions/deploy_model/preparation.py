"""What must stand before traffic can move: the model, the endpoint config, the alarms. Each step may be repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluice.aws.endpoint_alarms import EndpointAlarms
from sluice.aws.endpoints import Endpoint, Endpoints
from sluice.aws.objects import Objects
from sluice.aws.production import Deployment, ProductionRecord
from sluice.aws.registry import Registry
from sluice.aws.version_definitions import VersionDefinitions
from sluice.definition import Asynchronous, MultiModel, RealTime
from sluice.definition import deployment as kinds
from sluice.naming import SINGLE_VARIANT, shared_models_prefix, variant_of
from sluice.serving.alarms import alarm_requests, recall_alarm
from sluice.serving.endpoint_config import Surroundings, Variant, endpoint_config_request, shared_model_container
from sluice.serving.guardrails import at_once, deployment_config


@dataclass(frozen=True)
class Prepared:
    """How the endpoint is to be updated."""

    variants: tuple[str, ...]
    deployment_config: Mapping[str, Any] | None
    keep_instances: bool


@dataclass(frozen=True)
class Preparation:
    surroundings: Surroundings
    topic_arn: str
    objects: Objects
    registry: Registry
    definitions: VersionDefinitions
    endpoints: Endpoints
    alarms: EndpointAlarms

    def prepare(
        self, model: str, deployment: Deployment, record: ProductionRecord, endpoint: Endpoint | None
    ) -> Prepared:
        settings = self.definitions.deployment_of(deployment.package.arn)
        if isinstance(settings, MultiModel):
            return self._shared(model, deployment, settings)
        self._ensure_model(deployment.config_name, deployment.package.arn, deployment.package.version)
        variants = self._variants(deployment, settings, record)
        names = tuple(variant.name for variant in variants)
        self.endpoints.ensure_config(
            endpoint_config_request(deployment.config_name, model, variants, self.surroundings)
        )
        watched = self._watch(deployment, settings)
        return Prepared(
            names,
            self._guardrails(deployment, settings, watched, endpoint, names),
            # Not of an asynchronous endpoint, which may sleep: its smoke test needs an instance.
            keep_instances=isinstance(settings, RealTime)
            and settings.autoscaling is not None
            and endpoint is not None
            and endpoint.variants == names,
        )

    def _ensure_model(self, name: str, package_arn: str, version: int) -> None:
        container = {"ModelPackageName": package_arn, "Environment": {"SLUICE_MODEL_VERSION": str(version)}}
        self.endpoints.ensure_model(name, container, self.surroundings.role_arn)

    def _variants(
        self, deployment: Deployment, settings: kinds.Deployment, record: ProductionRecord
    ) -> Sequence[Variant]:
        trial, version = deployment.trial, deployment.package.version
        if trial is None or record.live is None:
            return [Variant(deployment.config_name, settings)]
        champions = self.definitions.deployment_of(trial.champion.arn)
        shadow = trial.kind == "shadow"
        # Models are called as the config that brought them; the champion's stays for as long as it is live.
        return [
            Variant(
                record.live.config_name,
                champions,
                variant_of(trial.champion.version),
                1.0 if shadow else 100 - trial.share_percent,
            ),
            Variant(
                deployment.config_name,
                settings,
                variant_of(version),
                trial.share_percent / 100 if shadow else trial.share_percent,
                shadow,
            ),
        ]

    def _watch(self, deployment: Deployment, settings: kinds.Deployment) -> list[str]:
        if not isinstance(settings, RealTime | Asynchronous):
            return []
        variants = [SINGLE_VARIANT]
        if deployment.trial:
            variants = [variant_of(each.version) for each in (deployment.trial.champion, deployment.package)]
        endpoint = deployment.endpoint_name
        watched = self.alarms.ensure(alarm_requests(endpoint, variants, settings.alarms, self.topic_arn))
        return [*watched, self.alarms.arm(recall_alarm(endpoint))]

    def _guardrails(
        self,
        deployment: Deployment,
        settings: kinds.Deployment,
        watched: Sequence[str],
        endpoint: Endpoint | None,
        variants: tuple[str, ...],
    ) -> Mapping[str, Any] | None:
        if not isinstance(settings, RealTime | Asynchronous):
            return None
        if deployment.way_back or deployment.trial:
            return at_once()
        if endpoint is None or endpoint.variants != variants:
            return at_once()  # SageMaker watches only what has the variants that were there before
        rollout: kinds.Rollout = settings.rollout
        if isinstance(rollout, kinds.Trial):
            rollout = kinds.AllAtOnce(strategy="all-at-once")  # there is no other version to try it beside
        return deployment_config(rollout, watched)

    def _shared(self, model: str, deployment: Deployment, settings: MultiModel) -> Prepared:
        """An artifact below the endpoint's prefix; its model and config are the same for every model of the group."""
        package = self.registry.package(deployment.package.arn)
        prefix = shared_models_prefix(settings.group)
        if deployment.target_model is None:
            raise ValueError(f"a deployment of {model} to a multi-model endpoint names no artifact")
        self.objects.copy_object(package.model_uri, f"{prefix}{deployment.target_model}")
        container = shared_model_container(
            package.image, f"s3://{self.objects.bucket}/{prefix}", dict(package.environment)
        )
        self.endpoints.ensure_model(deployment.config_name, container, self.surroundings.role_arn)
        self.endpoints.ensure_config(
            endpoint_config_request(
                deployment.config_name, model, [Variant(deployment.config_name, settings)], self.surroundings
            )
        )
        return Prepared((SINGLE_VARIANT,), None, keep_instances=False)
