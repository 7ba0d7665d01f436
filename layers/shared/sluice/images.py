"""Which container image a job or a model runs in, by region.

AWS keeps its framework images in an account per region, under a domain per partition. The table beside this module is
made by `make images`; it is committed because the SageMaker SDK that knows it is too big for a Lambda.
"""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, cast

from sluice.errors import BadInputError

_USUAL_DOMAIN = "amazonaws.com"


class UnknownImageError(BadInputError):
    """There is no image of that framework in that region."""


def image_uri(framework: str, region: str) -> str:
    """`framework` is xgboost, scikit-learn or model-monitor. Raises UnknownImageError, which names what there is."""
    table = _table()
    image = table["images"].get(framework)
    if image is None:
        raise UnknownImageError(f"No image is known for {framework!r}; known are {', '.join(sorted(table['images']))}.")
    account = image["accounts"].get(region)
    if account is None:
        raise UnknownImageError(_no_such_region(framework, region, image["accounts"]))
    domain = table["domains"].get(region, _USUAL_DOMAIN)
    tag = f":{image['tag']}" if image["tag"] else ""
    return f"{account}.dkr.ecr.{region}.{domain}/{image['repository']}{tag}"


def _no_such_region(framework: str, region: str, known: Iterable[str]) -> str:
    regions = sorted(known)
    same_area = [name for name in regions if name.split("-")[0] == region.split("-")[0]]
    near = get_close_matches(region, regions, n=4, cutoff=0.7) or same_area or regions
    return f"AWS has no {framework} image in region {region!r}. Near it: {', '.join(near)}. Deploy to one of these."


@cache
def _table() -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(Path(__file__).with_name("images.json").read_text()))
