"""The world moves: requests come from another part of the data than the model was trained on, and their truth arrives.

Only rows with a large value of the model's most important feature are sent (of a category: with one of its levels).
They are real rows of the test split, so that what really happened is known.
"""

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice

from cli.demo.findings import Dataset, Deployed, Sent, Trained
from cli.demo.holdout import Row, holdout_rows
from cli.demo.stages import Results, StageFailedError, Tell
from cli.inference_api import InferenceApi
from cli.installation import Installation
from sluice.definition import Model
from sluice.naming import ModelPrefix

MOST_ROWS = 1000
ROWS_A_REQUEST = 10
_SEED = 11

Request = tuple[str, Sequence[Row]]


def run(results: Results, tell: Tell) -> Sent:
    installation, definition = results.get(Deployed).installation, results.get(Dataset).definition
    feature = _most_important(installation, results.get(Trained))
    rows, how = moved(holdout_rows(results), feature, definition)
    rows = enough(rows, definition.monitoring.min_records)
    sent = [(f"demo-{uuid.uuid4().hex[:12]}", part) for part in _parts(rows)]
    for request in sent:
        _ask(installation, definition, request)
    tell(f"{len(rows)} rows in {len(sent)} requests, only with {how}")
    key = _tell_the_truth(installation, definition, sent)
    tell(f"what really happened: s3://{installation.stack.bucket}/{key}")
    return Sent(len(rows), len(sent), how)


def _most_important(installation: Installation, trained: Trained) -> str:
    evaluation = installation.objects.read_json(f"{trained.plan['uris']['evaluation']}evaluation.json")
    return str(next(iter(evaluation["importance"]["shap"])))


def moved(rows: Sequence[Row], feature: str, definition: Model) -> tuple[list[Row], str]:
    """Those of one kind, in any order, and in words what they have in common."""
    if definition.data.features[feature].type == "numeric":
        numbers = sorted(number for row in rows if (number := _number(row[feature])) is not None)
        bound = numbers[len(numbers) // 2]
        kept = [row for row in rows if (number := _number(row[feature])) is not None and number >= bound]
        how = f"{feature} from {bound:g} on"
    else:
        levels = [row[feature] for row in rows]
        rare = sorted(set(levels), key=levels.count)[max(0, len(set(levels)) // 2 - 1)]
        kept = [row for row in rows if row[feature] == rare]
        how = f"{feature} = {rare}"
    return random.Random(_SEED).sample(kept, min(len(kept), MOST_ROWS)), how


def enough(rows: Sequence[Row], least: int) -> list[Row]:
    """Each once: what is sent twice looks like two requests, and chance in other features like drift.

    Only a small file's rows are repeated, as often as a check needs to say anything.
    """
    return list(islice(cycle(rows), max(len(rows), least)))


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), ROWS_A_REQUEST):
        yield rows[first : first + ROWS_A_REQUEST]


def _ask(installation: Installation, definition: Model, request: Request) -> None:
    inference_id, rows = request
    features = definition.data.features
    records = [{name: value for name, value in row.items() if name in features} for row in rows]
    headers = {"Content-Type": "application/json", "inference-id": inference_id}
    body = json.dumps({"instances": records}).encode()
    answer = _api(installation).send("POST", f"/models/{definition.name}/predictions", body, headers)
    if answer.status != 200:
        raise StageFailedError(f"the inference API answered {answer.status}: {answer.body.decode(errors='replace')}")


def _api(installation: Installation) -> InferenceApi:
    url = installation.stack.inference_api_url
    if url is None:
        raise StageFailedError("the stack has no output InferenceApiUrl: deploy this version of Sluice")
    target = installation.aws.target
    return InferenceApi(url, installation.aws.credentials, target.region, direct=not target.is_aws)


def _tell_the_truth(installation: Installation, definition: Model, sent: Sequence[Request]) -> str:
    target = definition.data.target
    lines = [
        json.dumps(
            {
                "groundTruthData": {"data": "\n".join(row[target] for row in rows), "encoding": "CSV"},
                "eventMetadata": {"eventId": inference_id},
                "eventVersion": "0",
            }
        )
        for inference_id, rows in sent
    ]
    key = f"{ModelPrefix(definition.name).ground_truth}{datetime.now(UTC):%Y/%m/%d/%H}/demo.jsonl"
    installation.objects.write(key, "\n".join(lines) + "\n", "application/jsonlines")
    return key
