"""The run's report, fetched out of the bucket before the cloud goes."""

from pathlib import Path

from cli.demo.findings import Deployed, Reported, Trained
from cli.demo.stages import Results, Tell
from sluice.aws.objects import key_of


def run(folder: Path, results: Results, tell: Tell) -> Reported:
    objects = results.get(Deployed).installation.objects
    path = folder / "report.html"
    path.write_bytes(objects.read(key_of(results.get(Trained).plan["uris"]["report"]) + "report.html"))
    return Reported(path)
