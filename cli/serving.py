"""What serves a model now, what is tried beside it, what is on its way, and which version to go back to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluice.audit import AuditEntry
from sluice.aws.production import ProductionRecord
from sluice.rollout import PackageRef, Production, rollback_target


@dataclass(frozen=True)
class Serving:
    champion: PackageRef | None
    challenger: PackageRef | None
    coming: PackageRef | None
    """On its way, or waiting to be."""
    previous: PackageRef | None

    @property
    def newest_intended(self) -> PackageRef | None:
        """What leaves when somebody says: back."""
        return self.coming or self.challenger or self.champion

    def is_only(self, version: int) -> bool:
        """Whether that version has all the traffic and nothing is about to change it."""
        alone = self.coming is None and self.challenger is None
        return alone and self.champion is not None and self.champion.version == version

    def way_back(self, approved: Sequence[PackageRef]) -> PackageRef | None:
        """The last good version; None where no other is approved."""
        leaving = self.newest_intended
        if leaving is None:
            return None
        production = Production(self.champion, self.coming, self.previous, self.challenger)
        return rollback_target(leaving, production, approved)


def serving_of(record: ProductionRecord) -> Serving:
    packages = record.packages
    return Serving(packages.live, packages.trial, packages.queued or packages.arriving, packages.previous)


@dataclass(frozen=True)
class Settled:
    ok: bool
    why: str


def settled_on(target: PackageRef, serving: Serving, news: Sequence[AuditEntry]) -> Settled | None:
    """Whether the way to `target` has ended; None while it has not. `news`: what was written since it was asked for."""
    if serving.is_only(target.version):
        return Settled(True, f"version {target.version} is in production")
    for entry in reversed(news):
        failed = entry.action == "DEPLOYMENT_FAILED" and entry.details.get("package") == target.arn
        if failed or entry.action == "HELP_NEEDED":
            return Settled(False, entry.why)
    return None
