"""A deployment that waits for a custom resource must not hold up the server's end."""

import pytest
from ministack.services.cloudformation import custom_resource

from localcloud.ministack_port.stacks import end_custom_resources


def test_what_is_waited_for_fails_when_the_cloud_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom_resource, "_pending", {})
    monkeypatch.setattr(custom_resource, "register_token", custom_resource.register_token)
    waiting = custom_resource.register_token("before")

    end_custom_resources()
    later = custom_resource.register_token("after")

    assert waiting.is_set()
    assert later.is_set()
    for token in ("before", "after"):
        assert custom_resource._pending[token]["result"]["Status"] == "FAILED"
