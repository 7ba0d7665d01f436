"""How a person looks at a version and says yes or no: commands to paste, and what a notification tells."""

from dataclasses import dataclass

LINK_SECONDS = 12 * 3600
"""A link dies with the credentials that signed it, and a role's last 12 hours at most."""


@dataclass(frozen=True)
class Review:
    stage: str
    model: str
    version: int
    package_arn: str

    @property
    def report(self) -> str:
        return self._sluice("report")

    @property
    def commands(self) -> dict[str, str]:
        """With Sluice's command line, and with AWS's for who has only that. WHY is for the person to write."""
        return {
            "approve": f'{self._sluice("approve")} --reason "WHY"',
            "reject": f'{self._sluice("reject")} --reason "WHY"',
            "aws_approve": self._aws("Approved"),
            "aws_reject": self._aws("Rejected"),
        }

    def message(self, link: str) -> str:
        """For a notification only: whoever has the link can read the report."""
        return "\n".join(
            [
                f"Report (for {LINK_SECONDS // 3600} hours at most: a link ends with the credentials that signed it):",
                link,
                f"Later: {self.report}",
                "",
                *self.commands.values(),
            ]
        )

    def _sluice(self, command: str) -> str:
        return f"sluice {command} {self.model} v{self.version} --stage {self.stage}"

    def _aws(self, status: str) -> str:
        region = self.package_arn.split(":")[3]
        return (
            f"aws sagemaker update-model-package --region {region} --model-package-arn {self.package_arn} "
            f'--model-approval-status {status} --approval-description "WHY"'
        )
