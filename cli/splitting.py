"""A split of traffic as it is typed, `v7=10,v6=90`, and whether it can be had. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from cli.errors import BadInputError, OperationFailedError
from cli.serving import Serving
from sluice.definition.deployment import AbTest, TrafficStep

_WEIGHT = re.compile(r"^v?(?P<version>[1-9]\d*)=(?P<share>\d+(\.\d+)?)%?$")
_STEP = re.compile(r"^(?P<share>\d+(\.\d+)?)%?:(?P<length>\d+(\.\d+)?)(?P<unit>[mhd])$")
_MINUTES = {"m": 1.0, "h": 60.0, "d": 1440.0}


def parse_weights(text: str) -> dict[int, float]:
    """Share of the requests by version, in %; they add up to 100."""
    weights: dict[int, float] = {}
    for part in text.split(","):
        match = _WEIGHT.match(part.strip())
        if match is None:
            raise BadInputError(f"--set: {part.strip()!r} is no share. Write version=percent, as in v7=10,v6=90")
        version = int(match["version"])
        if version in weights:
            raise BadInputError(f"--set: v{version} is there twice. Give each version one share")
        weights[version] = float(match["share"])
    if len(weights) > 2:
        raise BadInputError(f"--set: {len(weights)} versions. One or two can have traffic: the live one and another")
    total = sum(weights.values())
    if abs(total - 100) > 1e-6:
        raise BadInputError(f"--set: the shares add up to {total:g}, not to 100")
    return {version: share for version, share in weights.items() if share}


def parse_steps(text: str) -> tuple[TrafficStep, ...]:
    """`10:60m,50:2h`: the share, and how long it is held (m, h or d)."""
    steps = []
    for part in text.split(","):
        match = _STEP.match(part.strip())
        if match is None:
            raise BadInputError(f"--steps: {part.strip()!r} is no step. Write percent:time, as in 10:60m,50:2h")
        minutes = float(match["length"]) * _MINUTES[match["unit"]]
        steps.append({"share_percent": float(match["share"]), "hold_minutes": minutes})
    try:
        return AbTest.model_validate({"strategy": "ab-test", "steps": steps}).steps
    except ValidationError as error:
        first = error.errors()[0]
        where = f"step {first['loc'][1] + 1}: " if len(first["loc"]) > 1 and isinstance(first["loc"][1], int) else ""
        raise BadInputError(f"--steps: {where}{first['msg'].removeprefix('Value error, ')}") from None


@dataclass(frozen=True)
class Split:
    weights: Mapping[int, float]
    steps: tuple[TrafficStep, ...] = ()

    def check(self, model: str, statuses: Mapping[int, str], serving: Serving, mode: str | None) -> None:
        """Raises BadInputError or OperationFailedError. `statuses`: the approval of every version there is.

        mode: of what is live. One version may have all the traffic in any mode, also where nothing serves now.
        """
        self._check_versions(model, statuses)
        if serving.coming is not None:
            raise OperationFailedError(
                f"v{serving.coming.version} is on its way into production. Wait for it: sluice wait {model} "
                f"{serving.coming.version}"
            )
        if len(self.weights) > 1:
            self._check_two(model, serving, mode)
        elif self.steps:
            raise BadInputError("--steps: they are for two versions, as in --set v7=10,v6=90")

    def _check_two(self, model: str, serving: Serving, mode: str | None) -> None:
        champion = serving.champion
        if champion is None:
            raise OperationFailedError(f"no version of {model} is in production. Approve one: sluice models {model}")
        if mode != "real-time":
            raise OperationFailedError(
                f"{model} serves in mode {mode}: only a real-time endpoint splits its traffic. Write deployment: "
                "{mode: real-time} into its model.yaml and train again"
            )
        if champion.version not in self.weights:
            raise BadInputError(f"--set: one of the two must be v{champion.version}, which is live")
        self._check_steps(champion.version)

    def _check_versions(self, model: str, statuses: Mapping[int, str]) -> None:
        for version in self.weights:
            if version not in statuses:
                numbers = ", ".join(f"v{number}" for number in statuses) or "none"
                raise BadInputError(f"--set: {model} has no v{version}. It has: {numbers}")
            if statuses[version] != "Approved":
                raise OperationFailedError(
                    f"{model} v{version} is {statuses[version]}, and only what is approved may have traffic. "
                    f"Approve it (sluice approve {model} {version} --reason …), which deploys it by its own rollout"
                )

    def _check_steps(self, champion: int) -> None:
        if not self.steps:
            return
        (challenger,) = (version for version in self.weights if version != champion)
        share, first = self.weights[challenger], self.steps[0].share_percent
        if share != first:
            raise BadInputError(
                f"--steps: they begin with {first:g}, and --set gives v{challenger} {share:g}. Write the same"
            )

    def is_there(self, serving: Serving) -> bool:
        """One version that has all the traffic already."""
        return len(self.weights) == 1 and serving.is_only(next(iter(self.weights)))

    def __str__(self) -> str:
        shares = ", ".join(f"v{version} {share:g} %" for version, share in self.weights.items())
        then = ", then ".join(f"{step.share_percent:g} % for {step.hold_minutes:g} min" for step in self.steps)
        return f"{shares} (steps: {then})" if then else shares
