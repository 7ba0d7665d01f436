"""An approved version gets its model card: what it is, what it learned from, what it was found to be, who said yes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sluice.audit import decided_by
from sluice.aws.model_cards import ModelCards
from sluice.aws.objects import ObjectMissingError, Objects, key_of
from sluice.aws.registry import Package, Registry
from sluice.definition import Model
from sluice.events import ModelPackageStateChange
from sluice.model_card import CardFacts, Version, card_content, card_text, report_facts
from sluice.naming import model_card_name, model_of_group

_WRITTEN_BY_A_RUN = ("definition", "evaluation", "gate", "report")
"""Where the facts are, as RegisterModel puts it into a version's metadata."""

Once = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


@dataclass(frozen=True)
class WriteModelCard:
    stage: str
    objects: Objects
    registry: Registry
    cards: ModelCards
    once: Once
    """(key, action) → the action's result, from the first delivery of that key."""

    def handle(self, event: ModelPackageStateChange) -> dict[str, Any]:
        model = model_of_group(self.stage, event.detail.group)
        if model is None:
            return _ignored(f"group {event.detail.group} is not of stage {self.stage}")
        if not event.announces_approval_status:
            return _ignored(f"only {', '.join(event.detail.updated_fields or ())} changed")
        return self.once(event.idempotency_key, lambda: self._write(model, event.detail.arn))

    def _write(self, model: str, package_arn: str) -> dict[str, Any]:
        package = self.registry.package(package_arn)
        if package.approval_status != "Approved":
            return _ignored(f"version {package.ref.version} is {package.approval_status} by now")
        if any(name not in package.metadata for name in _WRITTEN_BY_A_RUN):
            return _ignored(f"no run of Sluice registered version {package.ref.version}: there are no facts to tell")
        name = model_card_name(self.stage, model, package.ref.version)
        outcome = self.cards.write(name, card_text(card_content(self._facts(model, package))))
        return {"outcome": outcome, "card": name}

    def _facts(self, model: str, package: Package) -> CardFacts:
        written, read = package.metadata, self.objects.read_json
        return CardFacts(
            version=self._version(model, package),
            definition=Model.model_validate(read(written["definition"])),
            evaluation=read(written["evaluation"]),
            gate=read(written["gate"]),
            report=self._report(written["report"]),
        )

    def _version(self, model: str, package: Package) -> Version:
        return Version(
            stage=self.stage,
            model=model,
            group=package.group,
            version=package.ref.version,
            arn=package.ref.arn,
            artifact=package.model_uri,
            approval_description=package.approval_description,
            decided_by=decided_by(self.stage, package.changed_by),
            metadata=package.metadata,
        )

    def _report(self, uri: str) -> Any:
        try:
            return report_facts(self.objects.read(key_of(uri)).decode())
        except ObjectMissingError:
            return {}


def _ignored(reason: str) -> dict[str, Any]:
    return {"outcome": "ignored", "reason": reason}
