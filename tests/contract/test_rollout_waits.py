"""A definition is refused for its waits exactly where SageMaker, as the local cloud knows it, refuses to deploy."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.artifacts import S3Object
from localcloud.sagemaker.hosting.guardrails import check_policy, read_policy
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.variants import VariantSpec
from sluice.definition import Asynchronous, RealTime
from sluice.definition.deployment import Canary, Linear, Rolling
from sluice.serving.guardrails import deployment_config

MODEL = ServedModel("m", "image", "xgboost", S3Object("b", "k"), {}, "role")
KINDS: dict[str, type[Canary | Linear | Rolling]] = {"canary": Canary, "linear": Linear, "rolling": Rolling}
WAITS = {"wait_minutes": st.integers(0, 60), "max_minutes": st.integers(10, 480)}
BAKED = WAITS | {"bake_minutes": st.integers(0, 60)}

rollouts = (
    st.fixed_dictionaries({"strategy": st.just("canary"), **BAKED})
    | st.fixed_dictionaries({"strategy": st.just("linear"), "step_percent": st.integers(10, 50), **BAKED})
    | st.fixed_dictionaries({"strategy": st.just("rolling"), "batch_percent": st.integers(5, 50), **WAITS})
)


def is_refused_when_deployed(rollout: dict[str, Any], instances: int) -> bool:
    unchecked = KINDS[rollout["strategy"]].model_construct(**{"share_percent": 10, **rollout})
    variants = [VariantSpec("AllTraffic", MODEL, 1.0, instance_count=instances)]
    try:
        check_policy(read_policy(deployment_config(unchecked, [])), variants, variants)
    except ApiError as error:
        if "waits" not in str(error):
            raise
        return True
    return False


@settings(deadline=None, max_examples=400)
@given(rollouts, st.integers(1, 25), st.sampled_from([RealTime, Asynchronous]))
def test_waits_are_refused_in_the_definition_and_not_first_at_deployment(
    rollout: dict[str, Any], most: int, mode: type[RealTime | Asynchronous]
) -> None:
    name = "real-time" if mode is RealTime else "asynchronous"
    refused = any(is_refused_when_deployed(rollout, count) for count in range(1, most + 1))
    with pytest.raises(ValidationError, match="max_minutes") if refused else nullcontext():
        mode.model_validate({"mode": name, "rollout": rollout, "autoscaling": {"max_instances": most}})
