"""HTTP APIs: their address, who may call them, and the permission without which API Gateway calls no function."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.deploy import deploy
from tests.integration.localcloud.conftest import ACCOUNT, Running

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
      SignedRoute:
        Type: AWS::ApiGatewayV2::Route
        Properties:
          ApiId: !Ref Api
          AuthorizationType: AWS_IAM
          RouteKey: "GET /signed/{name}"
          Target: !Sub "integrations/${Integration}"
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


def get(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=dict(headers or {}))
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_address_of_an_api_answers(cloud: Running, tmp_path: Path) -> None:
    permission = PERMISSION.replace("PRINCIPAL", "apigateway.amazonaws.com").replace("SOURCE", "${Api}")
    url = deployed(cloud, tmp_path, permission)

    assert url.startswith(f"{cloud.server.endpoint_url}/")
    assert get(f"{url}/things/one") == (200, "one")
    assert get(f"{url}/others/one")[0] == 404


ROOT = Credentials("test", "test")


@pytest.fixture(scope="module")
def signed_url(cloud: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A route's that takes signed requests only."""
    permission = PERMISSION.replace("PRINCIPAL", "apigateway.amazonaws.com").replace("SOURCE", "${Api}")
    return f"{deployed(cloud, tmp_path_factory.mktemp('signed'), permission)}/signed/one"


def get_signed(url: str, credentials: Credentials, service: str = "execute-api", region: str = "us-east-1") -> int:
    request = AWSRequest("GET", url)
    SigV4Auth(credentials, service, region).add_auth(request)
    return get(url, dict(request.headers))[0]


def test_a_signed_request_is_let_through(signed_url: str) -> None:
    assert get_signed(f"{signed_url}?a=1&b=x%20y", ROOT) == 200
    assert get(signed_url)[0] == 403


def test_who_names_the_roots_key_must_know_its_secret(signed_url: str) -> None:
    guessed = Credentials("test", "guessed")
    scope = "test/20261121/us-east-1/execute-api/aws4_request"
    made_up = {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}

    assert get_signed(signed_url, guessed) == 403
    assert get(signed_url, made_up) == (403, '{"message": "Forbidden"}')


@pytest.mark.parametrize(("service", "region"), [("s3", "us-east-1"), ("execute-api", "eu-west-1")])
def test_a_signature_for_something_else_is_refused(cloud: Running, signed_url: str, service: str, region: str) -> None:
    role = cloud.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Action": "execute-api:Invoke", "Resource": "*"})
    session = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    caller = Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])

    assert get_signed(signed_url, caller) == 200
    for credentials in (ROOT, caller):
        assert get_signed(signed_url, credentials, service, region) == 403


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
