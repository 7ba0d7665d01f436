"""What a notification and the report tell a person to type is understood, and the report has a place for the facts."""

import shlex
from importlib import import_module
from typing import Any

import botocore.session
import click
import pytest
from botocore.validate import ParamValidator

from cli.main import COMMANDS
from evaluation import report
from sluice.report_page import ReportPage
from sluice.review import Review

ARN = "arn:aws:sagemaker:eu-central-1:000000000000:model-package/sluice-prod-churn/3"
REVIEW = Review("prod", "churn", 3, ARN)


@pytest.mark.parametrize("line", [REVIEW.report, REVIEW.commands["approve"], REVIEW.commands["reject"]])
def test_sluice_takes_the_command(line: str) -> None:
    program, name, *arguments = shlex.split(line)
    command: click.Command = import_module(COMMANDS[name][0]).command

    given = command.make_context(name, arguments).params

    assert program == "sluice"
    assert (given["model"], given["version"], given["stage"]) == ("churn", "v3", "prod")
    assert given.get("reason", "WHY") == "WHY"


@pytest.mark.parametrize(("name", "status"), [("aws_approve", "Approved"), ("aws_reject", "Rejected")])
def test_the_aws_command_line_takes_the_command(name: str, status: str) -> None:
    program, service, operation, *options = shlex.split(REVIEW.commands[name])
    given = dict(zip(options[::2], options[1::2], strict=True))
    request = {_member(option): value for option, value in given.items() if option != "--region"}
    shape: Any = (
        botocore.session.get_session().get_service_model(service).operation_model("UpdateModelPackage").input_shape
    )

    assert (program, operation, given["--region"]) == ("aws", "update-model-package", "eu-central-1")
    assert request == {"ModelPackageArn": ARN, "ModelApprovalStatus": status, "ApprovalDescription": "WHY"}
    assert not ParamValidator().validate(request, shape).has_errors()


def _member(option: str) -> str:
    return "".join(word.capitalize() for word in option.removeprefix("--").split("-"))


def test_the_report_has_one_place_for_the_facts() -> None:
    rendered = report.render({"title": "churn"})

    page = ReportPage.parse(rendered, "report.html")

    assert page.filled({"model": "churn"}) == rendered.replace('id="run">null<', 'id="run">{"model": "churn"}<')
