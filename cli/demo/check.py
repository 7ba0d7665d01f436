"""The traffic is checked at once, where a schedule would do it every hour."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.demo.findings import Checked, Dataset, Deployed, Sent
from cli.demo.stages import Results, StageFailedError, Tell
from cli.demo.waiting import wait_for
from cli.installation import Installation
from cli.monitoring.asking import Asking
from sluice.aws.checks import Check
from sluice.naming import ModelPrefix

_CAPTURED_SECONDS = 120
_ENDS_SECONDS = 600


def run(folder: Path, results: Results, tell: Tell) -> Checked:
    installation = results.get(Deployed).installation
    model = results.get(Dataset).definition.name
    requests = results.get(Sent).requests
    wait_for("the requests are captured", lambda: _captured(installation, model, requests), _CAPTURED_SECONDS)
    tell(f"{requests} requests are captured")
    check = Asking(installation, model).check(_ENDS_SECONDS)
    if check.verdict != "drift":
        raise StageFailedError(f"check {check.check_id} says {check.verdict}: {check.summary}")
    page = folder / "drift.html"
    page.write_bytes(installation.objects.read(f"{check.report_prefix}drift.html"))
    return Checked(check, _moved(installation, check), page)


def _captured(installation: Installation, model: str, requests: int) -> int | None:
    """None while some of them are missing."""
    objects = installation.objects
    found = sum(objects.read(key).count(b"\n") for key in objects.keys(ModelPrefix(model).captures))
    return found if found >= requests else None


def _moved(installation: Installation, check: Check) -> tuple[Mapping[str, Any], ...]:
    uri = f"s3://{installation.stack.bucket}/{check.report_prefix}drift.json"
    features = installation.objects.read_json(uri)["dimensions"]["data-quality"]["features"]
    return tuple(feature for feature in features if feature["status"] == "drift")
