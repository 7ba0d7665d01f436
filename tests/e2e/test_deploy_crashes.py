"""DeployModel is killed after each of its calls to AWS. The same event, delivered again, ends where it would have."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.deploy_function import DeployFunction, deploy_function, rule_disabled
from tests.e2e.local_stage import LocalStage
from tests.e2e.test_duplicates_and_order import approval_event
from tests.e2e.trained_model import TrainedModel
from tests.e2e.versions import hand_made, register
from tests.waiting import eventually

pytestmark = pytest.mark.slow

DEPLOYMENT = {
    "mode": "real-time",
    "rollout": {"strategy": "all-at-once", "bake_minutes": 0},
    # How quick a crowded machine answers is no matter of this test.
    "alarms": {"p99_latency_ms": None},
}


@dataclass
class Swap:
    """Two versions that take each other's place again and again: each time one comes and the other one goes."""

    model: TrainedModel
    deploy: DeployFunction
    arns: dict[int, str]
    live: int
    seen: set[str] = field(default_factory=set)
    """The audit entries of earlier times."""
    things: Counter[str] = field(default_factory=Counter)

    @property
    def other(self) -> int:
        return 3 - self.live

    def approval(self) -> dict[str, Any]:
        self.model.decide(self.arns[self.other], "Approved")
        return approval_event(self.model, self.arns[self.other])

    def rollback(self) -> dict[str, Any]:
        """From the live version to the other one, which was rejected when it left."""
        self.model.decide(self.arns[self.other], "Approved")
        asked = {
            "stage": "dev",
            "model": self.model.name,
            "version": self.live,
            "to_version": self.other,
            "reason": "refunds doubled",
            "requested_by": "arn:aws:iam::000000000000:user/alice",
        }
        return {
            "version": "0",
            "id": f"rollback-{len(self.seen)}",
            "source": "sluice",
            "detail-type": "Rollback Requested",
            "account": "000000000000",
            "region": "us-east-1",
            "time": "2026-11-20T20:45:00Z",
            "resources": [],
            "detail": asked,
        }

    def settle(self) -> dict[str, Any]:
        """Wait until the other version serves; answers everything that the event has changed, and swaps."""
        self.await_service()
        config = self._serving_config()
        trail = [entry for entry in self.model.audit() if entry["sk"] not in self.seen]
        state = {
            "record": {role: self._deployment(role) for role in ("live", "previous", "arriving", "queued", "trial")},
            "config": config,
            "approvals": self._approvals(),
            "alias": self._alias(),
            "audit": sorted((entry["action"], self._by_role(entry["why"]), entry["who"]) for entry in trail),
            "made": self._made(),
        }
        self.seen |= {entry["sk"] for entry in trail}
        self.live = self.other
        return state

    def await_service(self) -> None:
        eventually(self._settled, f"version {self.other} serves")

    def _settled(self) -> bool:
        endpoint, record = self._endpoint(), self.model.item("PRODUCTION") or {}
        live = json.loads(record["live"]["S"])
        under_way = "arriving" in record or "queued" in record
        return (
            not under_way
            and live["package"]["version"] == self.other
            and (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", live["config_name"])
        )

    def _endpoint(self) -> dict[str, Any]:
        found: dict[str, Any] = self.model.client("sagemaker").describe_endpoint(EndpointName=self.model.endpoint)
        return found

    def _serving_config(self) -> list[dict[str, Any]]:
        name = self._endpoint()["EndpointConfigName"]
        config = self.model.client("sagemaker").describe_endpoint_config(EndpointConfigName=name)
        variants: list[dict[str, Any]] = config["ProductionVariants"]
        container = self.model.client("sagemaker").describe_model(ModelName=variants[0].pop("ModelName"))
        return [*variants, {"package": self._role(container["PrimaryContainer"]["ModelPackageName"])}]

    def _deployment(self, role: str) -> dict[str, Any] | None:
        item = (self.model.item("PRODUCTION") or {}).get(role)
        if item is None:
            return None
        deployment = json.loads(item["S"])
        for ours in ("config_name", "cause", "requested_at"):  # of each time its own
            del deployment[ours]
        for package in ("package", "leaves"):
            deployment[package] = deployment[package] and self._role(deployment[package]["arn"])
        return {**deployment, "reason": self._by_role(deployment["reason"])}

    def _approvals(self) -> dict[str, str]:
        sagemaker = self.model.client("sagemaker")
        return {
            self._role(arn): sagemaker.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"]
            for arn in self.arns.values()
        }

    def _alias(self) -> dict[str, Any]:
        name = f"/sluice/dev/{self.model.name}/alias"
        alias = json.loads(self.model.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
        assert alias["variants"] == {"AllTraffic": self.other}
        return {name: alias[name] for name in ("endpoint_name", "mode", "target_model", "api_captures_percent")}

    def _made(self) -> dict[str, int]:
        """How many models and endpoint configs there are more than before."""
        sagemaker, named = self.model.client("sagemaker"), f"sluice-dev-{self.model.name}-v"
        before = self.things.copy()
        for kind, pages in (("Models", "list_models"), ("EndpointConfigs", "list_endpoint_configs")):
            found = sagemaker.get_paginator(pages).paginate(NameContains=named)
            self.things[kind] = sum(len(page[kind]) for page in found)
        return {kind: self.things[kind] - before[kind] for kind in self.things}

    def _role(self, arn: str) -> str:
        return "comes" if arn == self.arns[self.other] else "goes"

    def _by_role(self, text: str) -> str:
        words = {str(self.other): "version that comes", str(self.live): "version that goes"}
        text = re.sub(r"sluice-dev-m-[\w-]+-v\d+-\w+", "a config", text)
        return re.sub(r"version (\d)", lambda found: words[found[1]], text)


@pytest.fixture
def swap(stack: LocalStage, model: TrainedModel) -> Iterator[Swap]:
    arns = [register(model, hand_made(model, score), DEPLOYMENT) for score in (0.25, 0.75)]
    model.decide(arns[0], "Approved")
    eventually(lambda: "DEPLOYED" in model.actions(), "version 1 deployed")
    with rule_disabled(stack, "sluice-dev-approval"), deploy_function(stack) as deploy:
        swap = Swap(model, deploy, {1: arns[0], 2: arns[1]}, live=1)
        yield swap


@pytest.mark.parametrize("asked", [Swap.approval, Swap.rollback], ids=["approval", "rollback"])
def test_killed_after_any_call_and_delivered_again_it_ends_in_the_same_state(
    swap: Swap, asked: Callable[[Swap], dict[str, Any]]
) -> None:
    swap.deploy.deliver(asked(swap))
    swap.settle()  # what serves came in this way, and what served before too
    calls = swap.deploy.deliver(asked(swap)).calls
    undisturbed = swap.settle()

    for number, call in enumerate(calls, start=1):
        for late in (False, True) if "sagemaker:UpdateEndpoint" in calls[:number] else (False,):
            event = asked(swap)
            killed = swap.deploy.deliver(event, kill_after=number)
            assert (killed.killed, killed.calls) == (True, calls[:number])
            if late:
                swap.await_service()

            swap.deploy.deliver(event)

            assert swap.settle() == undisturbed, f"killed after call {number}, {call}; delivered again late: {late}"
