from dataclasses import asdict, dataclass
from pathlib import Path

import click

from cli.browser import open_page
from cli.commands.opening import open_installation
from cli.commands.options import STATE_DIR, json_option, stage_option
from cli.errors import BadInputError, OperationFailedError
from cli.installation import Installation
from cli.output import emit, emit_json, say
from sluice.aws.objects import ObjectMissingError, key_of
from sluice.review import LINK_SECONDS

REPORTS = STATE_DIR / "reports"


@dataclass(frozen=True)
class Report:
    """Where a version's report lies. `file` is the copy here, `url` a signed link; both None unless asked for."""

    model: str
    version: int
    uri: str
    file: str | None = None
    url: str | None = None
    url_seconds: int | None = None


@click.command("report")
@click.argument("model")
@click.argument("version", default="latest")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where the page goes.  [default: .sluice/reports/]"
)
@click.option("--no-open", is_flag=True, help="Fetch it and say where it is; start no browser.")
@click.option("--url", "as_url", is_flag=True, help="Print a link for somebody else instead; it is valid for 12 hours.")
@stage_option
@json_option
def command(
    model: str, version: str, out: Path | None, no_open: bool, as_url: bool, stage: str | None, as_json: bool
) -> None:
    """Open the report of VERSION (3, v3, latest or live) of MODEL in the browser: what a yes is given by.

    \b
    Example:
      sluice report churn
      sluice report churn v3 --out churn-v3.html
      sluice report churn live --url
    """
    if as_url and (out or no_open):
        raise BadInputError("--url fetches nothing: leave out --out and --no-open, or --url")
    installation = open_installation(stage)
    found = _find(installation, model, version)
    if as_url:
        _link(installation, found, as_json)
    elif as_json and out is None:
        emit_json(asdict(found))
    else:
        _fetch(installation, found, out, not (no_open or as_json), as_json)


def _find(installation: Installation, model: str, version: str) -> Report:
    package = installation.package(model, version)
    uri = package.metadata.get("report")
    if uri is None:
        raise OperationFailedError(
            f"{model} v{package.ref.version} names no report: no run of Sluice registered it. "
            f"Versions that have one name their run: sluice models {model}"
        )
    return Report(model, package.ref.version, uri)


def _fetch(installation: Installation, report: Report, out: Path | None, opens: bool, as_json: bool) -> None:
    page = _read(installation, report)
    path = out or REPORTS / f"{report.model}-v{report.version}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)
    except OSError as error:
        raise OperationFailedError(f"{path} cannot be written: {error.strerror}. Choose another --out") from None
    if as_json:
        emit_json(asdict(report) | {"file": str(path)})
        return
    emit(str(path))
    if opens and not open_page(path):
        say("No browser can be started here. Open that file in one, or send a link: --url")


def _read(installation: Installation, report: Report) -> bytes:
    try:
        return installation.objects.read(key_of(report.uri))
    except ObjectMissingError:
        raise _gone(report) from None


def _link(installation: Installation, report: Report, as_json: bool) -> None:
    """A signed link to nothing would only fail in the other person's browser: it is looked at first."""
    if not installation.objects.exists(key_of(report.uri)):
        raise _gone(report)
    url = installation.objects.presigned(key_of(report.uri), LINK_SECONDS)
    if as_json:
        emit_json(asdict(report) | {"url": url, "url_seconds": LINK_SECONDS})
        return
    emit(url)
    say(
        f"Whoever has this link can read the report of {report.model} v{report.version} for {LINK_SECONDS // 3600} "
        "hours, or until the credentials that signed it end"
    )


def _gone(report: Report) -> OperationFailedError:
    return OperationFailedError(
        f"the report of {report.model} v{report.version} is gone: {report.uri} was deleted. An older version of it "
        "may be in the bucket's history; its numbers are in the version's evaluation.json"
    )
