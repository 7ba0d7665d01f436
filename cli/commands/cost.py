import click

from cli.commands.opening import open_installation
from cli.commands.options import json_option, stage_option
from cli.costing import ASSUMED_JOBS, Asked, cost_of
from cli.costing_lines import lines_of
from cli.errors import BadInputError
from cli.output import emit, emit_json
from sluice.prices import priced_regions

_POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command("cost")
@click.argument("model")
@click.option("--requests-per-month", type=click.FloatRange(min=0), help="[default: as observed in the last 30 days]")
@click.option(
    "--milliseconds", type=_POSITIVE, help="The model's time for one request.  [default: as observed, else 50]"
)
@click.option("--kilobytes", type=_POSITIVE, default=2.0, show_default=True, help="In and out, of one request.")
@click.option(
    "--shared-by", type=click.IntRange(min=1), help="Models on a multi-model endpoint.  [default: as now, else 10]"
)
@click.option(
    "--batch-jobs", type=click.IntRange(min=1), default=ASSUMED_JOBS, show_default=True, help="Batch jobs a month."
)
@click.option("--region", help="Whose prices.  [default: where Sluice runs]")
@stage_option
@json_option
def command(
    model: str,
    requests_per_month: float | None,
    milliseconds: float | None,
    kilobytes: float,
    shared_by: int | None,
    batch_jobs: int,
    region: str | None,
    stage: str | None,
    as_json: bool,
) -> None:
    """What a run of MODEL costs, and a month of serving it in each deployment mode.

    By a table of list prices with its date; what the table does not know has no price. Traffic counts as even over
    the month.

    \b
    Example:
      sluice cost churn
      sluice cost churn --requests-per-month 2000000 --milliseconds 30
    """
    if region is not None and region not in priced_regions():
        raise BadInputError(
            f"--region {region}: there are no prices for it. There are for {', '.join(priced_regions())}"
        )
    installation = open_installation(stage)
    installation.check_model(model)
    where = region or installation.aws.target.region
    asked = Asked(requests_per_month, milliseconds, kilobytes, shared_by, batch_jobs, where)
    document = cost_of(installation, model, asked)
    if as_json:
        emit_json(document)
    else:
        emit("\n".join(lines_of(document)))
