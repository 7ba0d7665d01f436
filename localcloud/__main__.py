"""`python -m localcloud`: the server in the foreground. `sluice up` and tests start it through `localcloud.daemon`."""

import argparse
import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.server import Server, serve
from localcloud.settings import Settings


def main() -> int:
    options = _parser().parse_args()
    settings = Settings(
        state_dir=options.state_dir.resolve(),
        port=options.port,
        host="0.0.0.0" if options.expose else "127.0.0.1",  # noqa: S104 - asked for, for the containers of `sam local`
        time_scale=options.time_scale,
        analyzer=options.analyzer.resolve() if options.analyzer else None,
    )
    try:
        serve(settings, lambda server: _report(options.report_fd, server), options.parent_fd)
    except LocalCloudError as error:
        _say(options.report_fd, {"error": str(error)}, str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="The local cloud, in the foreground.")
    parser.add_argument("--state-dir", type=Path, default=Path(".sluice"), help="where it keeps its state and log")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--expose", action="store_true", help="listen on every interface, for `sam local invoke`")
    parser.add_argument("--time-scale", type=float, default=Settings.time_scale, help="length of a second of waiting")
    parser.add_argument("--analyzer", type=Path, help="a folder whose monitor.py stands in for Model Monitor's image")
    parser.add_argument("--report-fd", type=int, help="a pipe that is told of readiness or failure")
    parser.add_argument("--parent-fd", type=int, help="a pipe whose end stops the server")
    return parser


def _report(report_fd: int | None, server: Server) -> None:
    text = f"The local cloud answers at {server.endpoint_url}; its log: {server.log}"
    _say(report_fd, {"ready": asdict(server)}, text)


def _say(report_fd: int | None, document: dict[str, object], text: str) -> None:
    if report_fd is None:
        print(text, file=sys.stderr, flush=True)
        return
    with os.fdopen(report_fd, "w") as report:
        report.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # Everything is closed; threads that still wait for something of this server must not keep the process.
    os._exit(code)
