"""Three raw records, as a caller has them, to the endpoint: rows of the test split, which training never saw."""

import json
from collections.abc import Mapping, Sequence

from cli.demo.findings import Dataset, Deployed, Predicted, Serving
from cli.demo.holdout import holdout_rows
from cli.demo.stages import Results, Tell

_RECORDS = 3


def run(results: Results, tell: Tell) -> Predicted:
    installation = results.get(Deployed).installation
    data = results.get(Dataset).definition.data
    rows = choose(holdout_rows(results), data.target)
    records = [{name: value for name, value in row.items() if name in data.features} for row in rows]
    response = installation.aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=results.get(Serving).endpoint,
        ContentType="application/json",
        Accept="application/json",
        Body=json.dumps({"instances": records}).encode(),
    )
    answers = json.loads(response["Body"].read())["predictions"]
    return Predicted(
        tuple(
            {"record": record, **answer, "actual": row[data.target]}
            for record, answer, row in zip(records, answers, rows, strict=True)
        )
    )


def choose(rows: Sequence[Mapping[str, str]], target: str) -> list[Mapping[str, str]]:
    """The first rows, but with two values of the target among them."""
    chosen = list(rows[:_RECORDS])
    values = {row[target].strip() for row in chosen}
    if len(values) == 1:
        other = next((row for row in rows if row[target].strip() not in values), None)
        chosen = [*chosen[: _RECORDS - 1], other] if other else chosen
    return chosen
