"""Templates deployed without SAM: a small one for each way it can go, and the product's own."""

import json
import textwrap
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from localcloud.deploy import DeployError, StackEvent, deploy
from tests.integration.localcloud.conftest import Running, ended
from tests.waiting import eventually

ROOT = Path(__file__).parents[3]
STATES = "states.amazonaws.com"

TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Greeting: {Type: String, Default: hello}
    Resources:
      Shared:
        Type: AWS::Serverless::LayerVersion
        Metadata: {BuildMethod: python3.13}
        Properties: {LayerName: !Sub "${AWS::StackName}-shared", ContentUri: shared}
      Data:
        Type: AWS::Serverless::LayerVersion
        Metadata: {BuildMethod: makefile}
        Properties: {LayerName: !Sub "${AWS::StackName}-data", ContentUri: data}
      Greet:
        Type: AWS::Serverless::Function
        Metadata:
          BuildProperties: {ParentPackageMode: explicit, ParentPackages: functions.greet}
        Properties:
          CodeUri: functions/greet
          Handler: functions.greet.handler.handle
          Runtime: python3.13
          Layers: [!Ref Shared, !Ref Data]
          Environment: {Variables: {GREETING: !Ref Greeting}}
      Machine:
        Type: AWS::Serverless::StateMachine
        Properties:
          DefinitionUri: machine.asl.yaml
          DefinitionSubstitutions: {GreetArn: !GetAtt Greet.Arn}
          Policies:
            - Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Greet.Arn}]
    Outputs:
      FunctionName: {Value: !Ref Greet}
      MachineArn: {Value: !Ref Machine}
"""

FILES = {
    "template.yaml": TEMPLATE,
    "shared/words/__init__.py": "def shout(text):\n    return text.upper()\n",
    "shared/tests/test_words.py": "raise AssertionError('tests do not ship')\n",
    "data/Makefile": "build-Data:\n\tmkdir -p $(ARTIFACTS_DIR)/data\n\tcp name.txt $(ARTIFACTS_DIR)/data/\n",
    "data/name.txt": "world",
    "functions/greet/handler.py": """
        import os
        from functions.greet.composing import compose

        def handle(event, context):
            return compose(os.environ["GREETING"])
    """,
    "functions/greet/composing.py": """
        from words import shout

        def compose(greeting):
            return shout(greeting)
    """,
    "machine.asl.yaml": """
        Comment: YAML, as sam deploy uploads it
        StartAt: Greet
        States:
          Greet:
            Type: Task
            Resource: "${GreetArn}"
            End: true
    """,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return tmp_path


@pytest.fixture
def stack_name() -> str:
    return f"stack-{uuid.uuid4().hex[:8]}"


def put_up(cloud: Running, project: Path, stack_name: str, **settings: Any) -> dict[str, str]:
    return deploy(project / "template.yaml", stack_name=stack_name, endpoint_url=cloud.server.endpoint_url, **settings)


def test_a_stack_is_created_updated_and_left_alone(cloud: Running, project: Path, stack_name: str) -> None:
    events: list[StackEvent] = []
    outputs = put_up(cloud, project, stack_name, on_event=events.append)
    assert greeting(cloud, outputs) == "HELLO"
    assert ("Greet", "CREATE_COMPLETE") in {(event.logical_id, event.status) for event in events}

    outputs = put_up(cloud, project, stack_name, parameters={"Greeting": "bye"})
    assert greeting(cloud, outputs) == "BYE"

    events.clear()
    assert put_up(cloud, project, stack_name, parameters={"Greeting": "bye"}, on_event=events.append) == outputs
    assert events == []


def test_changed_code_of_a_layer_reaches_the_function(cloud: Running, project: Path, stack_name: str) -> None:
    put_up(cloud, project, stack_name)
    (project / "shared/words/__init__.py").write_text("def shout(text):\n    return text + '!'\n")

    assert greeting(cloud, put_up(cloud, project, stack_name)) == "hello!"


def test_a_yaml_definition_with_substitutions_runs(cloud: Running, project: Path, stack_name: str) -> None:
    states = cloud.client("stepfunctions")
    machine = put_up(cloud, project, stack_name)["MachineArn"]

    arn = states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]

    assert json.loads(eventually(lambda: ended(states.describe_execution(executionArn=arn)))["output"]) == "HELLO"


def test_a_failing_resource_is_named_and_the_next_deployment_starts_over(
    cloud: Running, project: Path, stack_name: str
) -> None:
    definition = project / "machine.asl.yaml"
    good = definition.read_text()
    definition.write_text(good.replace("${GreetArn}", "arn:aws:states:::sagemaker:createTrainingJob.sync"))

    with pytest.raises(DeployError, match=r"ROLLBACK_COMPLETE: Machine .* not authorized to create managed-rule"):
        put_up(cloud, project, stack_name)

    definition.write_text(good)
    assert greeting(cloud, put_up(cloud, project, stack_name)) == "HELLO"


def test_a_deployed_function_is_started_ahead_of_its_first_invocation(
    cloud: Running, project: Path, stack_name: str
) -> None:
    (project / "functions/greet/composing.py").write_text(
        "import time\nSTARTED = time.time()\ndef compose(greeting): return STARTED\n"
    )
    outputs = put_up(cloud, project, stack_name)
    log = Path(cloud.server.log)
    eventually(lambda: f"worker spawned for {outputs['FunctionName']}" in log.read_text())

    invoked = time.time()

    assert greeting(cloud, outputs) < invoked


def test_a_function_has_the_dead_letter_queue_that_its_template_gives_it(
    cloud: Running, project: Path, stack_name: str
) -> None:
    _, queue = cloud.queue()
    template = project / "template.yaml"
    plain = template.read_text()

    def dead_letters_of(text: str) -> dict[str, str] | None:
        template.write_text(text)
        outputs = deploy(template, stack_name=stack_name, endpoint_url=cloud.server.endpoint_url)
        name = outputs["FunctionName"]
        found: dict[str, str] | None = (
            cloud.client("lambda").get_function_configuration(FunctionName=name).get("DeadLetterConfig")
        )
        return found

    given = plain.replace(
        "Runtime: python3.13\n", f"Runtime: python3.13\n      DeadLetterQueue: {{Type: SQS, TargetArn: {queue}}}\n", 1
    )

    assert dead_letters_of(given) == {"TargetArn": queue}
    assert not dead_letters_of(plain)
    assert dead_letters_of(given) == {"TargetArn": queue}


def test_a_function_needs_a_role_that_lambda_may_assume(cloud: Running, project: Path, stack_name: str) -> None:
    role = cloud.role(STATES)
    template = TEMPLATE.replace("Runtime: python3.13\n", f"Runtime: python3.13\n          Role: {role}\n")
    (project / "template.yaml").write_text(textwrap.dedent(template))

    with pytest.raises(DeployError, match=r"Greet .* cannot be assumed by Lambda"):
        put_up(cloud, project, stack_name)


def test_the_products_own_template_deploys(cloud: Running) -> None:
    outputs = deploy(ROOT / "template.yaml", stack_name="sluice-dev", endpoint_url=cloud.server.endpoint_url)

    assert outputs["BucketName"] == "sluice-dev-000000000000-us-east-1"
    published = cloud.client("s3").list_objects_v2(Bucket=outputs["BucketName"], Prefix="code/")
    names = {item["Key"].rsplit("/", 1)[-1] for item in published["Contents"]}
    assert {"sourcedir.tar.gz", "preprocess.py", "evaluate.py"} <= names


def greeting(cloud: Running, outputs: dict[str, str]) -> Any:
    answer = cloud.client("lambda").invoke(FunctionName=outputs["FunctionName"])
    return json.loads(answer["Payload"].read())
