"""What goes wrong is said, frees what it held, and leaves a way on."""

import pytest

from tests.e2e.permissions import role_of, without
from tests.e2e.trained_model import Inbox, TrainedModel
from tests.waiting import eventually


def test_a_training_script_that_exits_1_fails_the_run_with_its_words_and_the_next_upload_works(
    model: TrainedModel, inbox: Inbox
) -> None:
    # A forest holds the data in memory, and may take next to none of it.
    model.define(training={"algorithm": "sklearn-random-forest", "memory_share": 1e-9})
    model.upload(seed=1)
    (failed,) = model.ended()

    assert failed["status"] == "FAILED"
    assert "holds the data in memory" in failed["cause"]
    assert f"training job sluice-dev-{model.name}-" in failed["cause"]
    (notice,) = eventually(lambda: inbox.about(model.name), "a notification")
    assert "holds the data in memory" in notice["Message"]

    assert model.train()["verdict"] == "pass"


def test_a_model_below_its_gate_is_registered_as_rejected_with_the_reasons(model: TrainedModel) -> None:
    run = model.train(gate={"metrics": {"auc": {"min": 0.999}}})

    package = model.client("sagemaker").describe_model_package(ModelPackageName=run["package_arn"])
    assert run["verdict"] == "fail"
    assert package["ModelApprovalStatus"] == "Rejected"
    assert "below 0.999" in package["ApprovalDescription"]
    assert model.endpoint_now() is None


def test_automatic_approval_deploys_what_passed(model: TrainedModel) -> None:
    model.train(approval="automatic")

    eventually(lambda: "DEPLOYED" in model.actions(), "deployed without a person")


def test_rejecting_the_live_version_brings_the_last_one_back(model: TrainedModel) -> None:
    first, second = model.train()["package_arn"], model.train()["package_arn"]
    config_of_first = model.deploy(first)["EndpointConfigName"]
    config_of_second = model.deploy(second)["EndpointConfigName"]
    assert config_of_first != config_of_second

    model.decide(second, "Rejected", "predicts nonsense")

    model.await_deployed(3)
    endpoint = model.endpoint_now()
    assert endpoint is not None
    assert endpoint["EndpointConfigName"].startswith(f"{model.endpoint}-v1-")
    assert [entry["why"] for entry in model.audit() if entry["action"] == "MODEL_REJECTED"] == ["predicts nonsense"]


def test_rejecting_the_only_version_asks_a_person_and_keeps_serving(model: TrainedModel, inbox: Inbox) -> None:
    package = model.train()["package_arn"]
    model.deploy(package)

    model.decide(package, "Rejected")

    eventually(lambda: "HELP_NEEDED" in model.actions(), "a call for help")
    assert any("help needed" in notice["Subject"] for notice in inbox.about(model.name))
    endpoint = model.endpoint_now()
    assert endpoint is not None
    assert endpoint["EndpointStatus"] == "InService"


def test_a_silent_rollback_is_a_failed_deployment(model: TrainedModel, inbox: Inbox) -> None:
    first, second = model.train()["package_arn"], model.train()["package_arn"]
    endpoint = model.deploy(first)
    model.client("sagemaker").add_tags(
        ResourceArn=endpoint["EndpointArn"], Tags=[{"Key": "localcloud:next-update", "Value": "rollback"}]
    )

    model.decide(second, "Approved")

    eventually(lambda: "DEPLOYMENT_FAILED" in model.actions(), "the failed deployment")
    assert model.actions().count("DEPLOYED") == 1
    now = model.endpoint_now()
    assert now is not None
    assert (now["EndpointStatus"], now["EndpointConfigName"]) == ("InService", endpoint["EndpointConfigName"])
    assert any("deployment failed" in notice["Subject"] for notice in inbox.about(model.name))


def test_a_new_run_is_compared_with_the_champion(model: TrainedModel) -> None:
    model.deploy(model.train()["package_arn"])

    checks = {check["name"]: check for check in model.train()["checks"]}

    assert checks["champion.auc"]["outcome"] in ("pass", "fail")
    assert "champion's" in checks["champion.auc"]["reason"]


@pytest.mark.parametrize(
    ("role", "action", "said"),
    [
        ("RetrainStateMachineRole", "sagemaker:CreateTrainingJob", "sagemaker:CreateTrainingJob"),
        ("RetrainStateMachineRole", "iam:PassRole", "iam:PassRole"),
        ("RetrainStateMachineRole", "sagemaker:AddTags", "sagemaker:AddTags"),
        ("SageMakerRole", "s3:PutObject", "AccessDenied"),
        ("RegisterModelRole", "sagemaker:CreateModelPackage", "sagemaker:CreateModelPackage"),
    ],
)
def test_a_missing_permission_fails_here_as_it_would_on_aws(
    model: TrainedModel, role: str, action: str, said: str
) -> None:
    model.define()
    with without(model, role_of(model, role), action):
        model.upload()
        (execution,) = model.ended()

    assert execution["status"] == "FAILED"
    assert said in execution["cause"], execution["cause"]
    assert "RUN_FAILED" in model.actions()
