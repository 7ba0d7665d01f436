"""HTTP APIs: their address, and the permission without which API Gateway calls no function."""

import json
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest

from localcloud.deploy import deploy
from tests.integration.localcloud.conftest import Running

TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Answer:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: answer, Handler: handler.handle, Runtime: python3.13}
      Api:
        Type: AWS::ApiGatewayV2::Api
        Properties: {Name: !Ref AWS::StackName, ProtocolType: HTTP}
      Stage:
        Type: AWS::ApiGatewayV2::Stage
        Properties: {ApiId: !Ref Api, StageName: $default, AutoDeploy: true}
      Integration:
        Type: AWS::ApiGatewayV2::Integration
        Properties:
          ApiId: !Ref Api
          IntegrationType: AWS_PROXY
          IntegrationUri: !GetAtt Answer.Arn
          PayloadFormatVersion: "2.0"
      Route:
        Type: AWS::ApiGatewayV2::Route
        Properties: {ApiId: !Ref Api, RouteKey: "GET /things/{name}", Target: !Sub "integrations/${Integration}"}
PERMISSION
    Outputs:
      Url: {Value: !GetAtt Api.ApiEndpoint}
"""

PERMISSION = """
      Permission:
        Type: AWS::Lambda::Permission
        Properties:
          Action: lambda:InvokeFunction
          FunctionName: !Ref Answer
          Principal: PRINCIPAL
          SourceArn: !Sub "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:SOURCE/*/*"
"""
HANDLER = "def handle(event, context):\n    return {'statusCode': 200, 'body': event['pathParameters']['name']}\n"


def deployed(cloud: Running, folder: Path, permission: str) -> str:
    """The API's address."""
    (folder / "template.yaml").write_text(TEMPLATE.replace("PERMISSION", permission))
    (folder / "answer").mkdir()
    (folder / "answer" / "handler.py").write_text(HANDLER)
    name = f"stack-{uuid.uuid4().hex[:8]}"
    return deploy(folder / "template.yaml", stack_name=name, endpoint_url=cloud.server.endpoint_url)["Url"]


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_address_of_an_api_answers(cloud: Running, tmp_path: Path) -> None:
    permission = PERMISSION.replace("PRINCIPAL", "apigateway.amazonaws.com").replace("SOURCE", "${Api}")
    url = deployed(cloud, tmp_path, permission)

    assert url.startswith(f"{cloud.server.endpoint_url}/")
    assert get(f"{url}/things/one") == (200, "one")
    assert get(f"{url}/others/one")[0] == 404


@pytest.mark.parametrize(
    "permission",
    [
        "",
        PERMISSION.replace("PRINCIPAL", "events.amazonaws.com").replace("SOURCE", "${Api}"),
        PERMISSION.replace("PRINCIPAL", "apigateway.amazonaws.com").replace("SOURCE", "another0"),
    ],
    ids=["none", "another service's", "another API's"],
)
def test_without_its_permission_no_function_is_called(cloud: Running, tmp_path: Path, permission: str) -> None:
    status, body = get(f"{deployed(cloud, tmp_path, permission)}/things/one")

    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})
