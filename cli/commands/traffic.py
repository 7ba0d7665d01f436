import click

from cli.commands.approval import checked_reason
from cli.commands.opening import announce_account, open_installation
from cli.commands.options import json_option, stage_option
from cli.errors import BadInputError
from cli.installation import Installation
from cli.output import emit, emit_json, say
from cli.serving import serving_of
from cli.splitting import Split, parse_steps, parse_weights
from cli.traffic_now import lines_of, traffic_now
from sluice.events.traffic_requested import TrafficRequestedDetail


@click.command("traffic")
@click.argument("model")
@click.option("--set", "weights", help="Who gets which share of the requests, in %, as in v7=10,v6=90.")
@click.option("--steps", help="The other version's shares one after the other, as in 10:60m,50:2h (m, h or d).")
@click.option("--reason", help="Why; it stays in the model's history. Needed with --set.")
@stage_option
@json_option
def command(
    model: str, weights: str | None, steps: str | None, reason: str | None, stage: str | None, as_json: bool
) -> None:
    """Show how MODEL's requests are split between versions, with the last hour's errors; or set it.

    Only a real-time endpoint splits its traffic. One of the versions must be live, and both approved. With --steps the
    other version is tried: its share grows step by step, and it gets everything if it does as well as the live one.

    \b
    Example:
      sluice traffic churn
      sluice traffic churn --set v7=10,v6=90 --steps 10:60m,50:2h --reason "try the new features"
      sluice traffic churn --set v7=100 --reason "v7 answers better in the shops"
    """
    if weights is None:
        if steps or reason:
            raise BadInputError("--steps and --reason go with --set: leave them out to see the traffic")
        now = traffic_now(open_installation(stage), model)
        emit_json(now.document()) if as_json else emit("\n".join(lines_of(now)))
        return
    if reason is None:
        raise BadInputError("--set: say why with --reason; it stays in the model's history")
    split = Split(parse_weights(weights), parse_steps(steps) if steps else ())
    _ask(model, split, checked_reason(reason), stage, as_json)


def _ask(model: str, split: Split, reason: str, stage: str | None, as_json: bool) -> None:
    installation = open_installation(stage)
    announce_account(installation.aws)
    changes = _check(installation, model, split)
    if changes:
        detail = TrafficRequestedDetail(
            stage=installation.stack.stage,
            model=model,
            weights=dict(split.weights),
            steps=split.steps,
            reason=reason,
            requested_by=installation.aws.caller,
        )
        installation.event_bus.put("Traffic Requested", detail.model_dump(mode="json"))
    outcome = "requested" if changes else "already there"
    if as_json:
        steps = [step.model_dump() for step in split.steps]
        emit_json({"model": model, "weights": dict(split.weights), "steps": steps, "outcome": outcome})
        return
    emit(f"{model}: {split}: {'asked for' if changes else 'it is so already, nothing to do'}")
    if changes:
        say(f"See it arrive: sluice traffic {model}; who asked for what: sluice history {model}")


def _check(installation: Installation, model: str, split: Split) -> bool:
    """False where there is nothing to do."""
    record = installation.production.get(model)
    serving = serving_of(record)
    statuses = {version.number: version.approval_status for version in installation.versions(model)}
    if not statuses:
        installation.check_model(model)
    split.check(model, statuses, serving, record.live.mode if record.live else None)
    return not split.is_there(serving) or installation.lost_endpoint(model) is not None
