"""Who did what, when and why: the audit trail of what just happened."""

from cli.demo.findings import Dataset, Deployed, Remembered
from cli.demo.stages import Results, Tell


def run(results: Results, tell: Tell) -> Remembered:
    installation = results.get(Deployed).installation
    return Remembered(tuple(installation.audit_log.entries(results.get(Dataset).definition.name)))
