"""The local cloud of the demo, and Sluice deployed to it."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from cli.demo.findings import Cloud, Deployed
from cli.demo.stages import Results, StageFailedError, Tell
from cli.deploying import deploy_to
from cli.installation import Installation
from cli.local_cloud import analyzer
from cli.target import connect_local
from localcloud import daemon


def start_stage(state_dir: Path, keep: bool, running: ExitStack, results: Results, tell: Tell) -> Cloud:
    """An empty cloud on a free port. It ends with `running`, and with this process whatever happens, unless kept."""
    if daemon.status(state_dir):
        raise StageFailedError(f"a demo is running here already. Wait for it, or: sluice down --state-dir {state_dir}")
    shutil.rmtree(state_dir, ignore_errors=True)
    if keep:
        server = daemon.start_detached(state_dir, analyzer=analyzer())
    else:
        server = running.enter_context(daemon.running(state_dir, analyzer=analyzer()))
    return Cloud(server.endpoint_url, state_dir)


def deploy_stage(results: Results, tell: Tell) -> Deployed:
    url = results.get(Cloud).endpoint_url
    # Each resource is done when it is told, but what matters to a reader is that the deployment goes on.
    return Deployed(Installation(connect_local(url), deploy_to(url, lambda line: tell(f"{line} …"))))
