from pathlib import Path

import click

from cli.commands.options import STATE_DIR, stage_option, state_dir_option
from cli.deploying import deploy_to
from cli.local_cloud import analyzer, exports
from cli.output import emit, say
from cli.stack import Stack
from cli.target import chosen_stage
from localcloud import daemon


@click.command("up")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port to listen on.  [default: a free one]")
@click.option("--expose", is_flag=True, help="Listen on every interface, so that containers can reach it.")
@state_dir_option
@click.option("--no-deploy", is_flag=True, help="Start an empty cloud.")
@stage_option
def command(port: int, expose: bool, state_dir: Path, no_deploy: bool, stage: str | None) -> None:
    """Start the local cloud, deploy Sluice to it, and print the variables that point at it.

    Only the variables go to stdout. A cloud that is up already is kept, and Sluice is deployed to it again.

    \b
    Example:
      eval "$(sluice up)"
      aws s3 ls
    """
    deployed_stage = chosen_stage(stage)
    server = daemon.status(state_dir)
    if server:
        say(f"The local cloud is up already at {server.endpoint_url}")
    else:
        server = daemon.start_detached(state_dir, port=port, expose=expose, analyzer=analyzer())
        say(f"The local cloud is up at {server.endpoint_url} (log: {server.log})")
    emit(exports(server.endpoint_url))
    if no_deploy:
        return
    say("Deploying template.yaml …")
    try:
        say(next_steps(deploy_to(server.endpoint_url, lambda line: say(f"  {line}"), deployed_stage), down(state_dir)))
    except KeyboardInterrupt:
        say(f"The local cloud stays up, with an unfinished stack. Stop it: {down(state_dir)}. Deploy again: sluice up")
        raise


def down(state_dir: Path) -> str:
    """The command that stops this cloud."""
    return "sluice down" if state_dir == STATE_DIR else f"sluice down --state-dir {state_dir}"


def next_steps(stack: Stack, stop: str) -> str:
    return f"""Deployed. With the variables set (eval "$(sluice up)" sets them), a model is two uploads:
  sluice init churn.csv --target churned --name churn
  aws s3 cp model.yaml s3://{stack.bucket}/models/churn/model.yaml
  aws s3 cp churn.csv s3://{stack.bucket}/models/churn/raw/
  sluice runs churn --follow
  sluice approve churn latest --reason "looks right"
Stop it with: {stop}"""
