"""make images: writes layers/shared/sluice/images.json from the SageMaker SDK, which knows every region's registry.

    .tools/images/bin/python tools/image_table.py [FILE]

Training and serving share one image per framework. The accounts stand once per image; only the domains that are not
amazonaws.com are listed by region.
"""

import json
import re
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sagemaker.core import image_uris

TABLE = Path(__file__).resolve().parent.parent / "layers" / "shared" / "sluice" / "images.json"
USUAL_DOMAIN = "amazonaws.com"
VERSIONS = {"xgboost": "3.2-0", "sklearn": "1.9-0", "model-monitor": ""}
NAMES = {"xgboost": "xgboost", "sklearn": "scikit-learn", "model-monitor": "model-monitor"}

_URI = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.(?P<domain>[a-z0-9.-]+)/(?P<repository>[a-z0-9-]+)"
    r"(:(?P<tag>[A-Za-z0-9._-]+))?$"
)


def main(arguments: list[str]) -> None:
    target = Path(arguments[0]) if arguments else TABLE
    content = table()
    target.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    print(f"{target}: {sum(len(image['accounts']) for image in content['images'].values())} images", file=sys.stderr)


def table() -> dict[str, Any]:
    parts = {framework: list(_parts(framework)) for framework in VERSIONS}
    everything = [part for of_framework in parts.values() for part in of_framework]
    return {
        "generated_from": f"sagemaker-core=={version('sagemaker-core')}",
        "domains": {part["region"]: part["domain"] for part in everything if part["domain"] != USUAL_DOMAIN},
        "images": {NAMES[framework]: _image(of_framework) for framework, of_framework in parts.items()},
    }


def _parts(framework: str) -> Iterable[re.Match[str]]:
    for region in _regions(framework):
        uri = image_uris.retrieve(framework, region, version=VERSIONS[framework] or None, **_extra(framework))
        match = _URI.match(uri)
        if match is None or match["region"] != region:
            raise SystemExit(f"{framework} in {region}: the SDK answers {uri!r}, which this script cannot read")
        yield match


def _extra(framework: str) -> dict[str, str]:
    return {} if framework == "model-monitor" else {"image_scope": "training", "instance_type": "ml.m5.xlarge"}


def _regions(framework: str) -> list[str]:
    config = image_uris.config_for_framework(framework)
    scopes = [config[scope] for scope in ("training", "inference") if scope in config] or [config]
    registries = [scope["versions"][VERSIONS[framework]]["registries"] for scope in scopes]
    if any(of_scope != registries[0] for of_scope in registries):
        raise SystemExit(f"{framework}: training and serving no longer share one image; the table needs both")
    return sorted(registries[0])


def _image(parts: list[re.Match[str]]) -> dict[str, Any]:
    (repository, tag), *others = {(part["repository"], part["tag"] or "") for part in parts}
    if others:
        raise SystemExit(f"one repository and tag expected for {repository}, found also {others}")
    accounts = {part["region"]: part["account"] for part in parts}
    return {"repository": repository, "tag": tag, "accounts": accounts}


if __name__ == "__main__":
    main(sys.argv[1:])
