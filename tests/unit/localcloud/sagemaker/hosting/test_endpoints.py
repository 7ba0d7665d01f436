import threading

import pytest

from localcloud.errors import ApiError
from localcloud.sagemaker.hosting.deployment import Deployments
from localcloud.sagemaker.hosting.serving.wire import Reply
from tests.fakes.cloud import FakeCloud
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances, serverless
from tests.waiting import eventually

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/churn"


def update_to(api, model, config="c2", variant=instances):
    api.model(model)
    api.config(config, variant(model))
    api("UpdateEndpoint", EndpointName="churn", EndpointConfigName=config)
    return api.settled()


def test_an_endpoint_comes_into_service_and_says_so_twice(api, endpoint):
    described = endpoint(instances(InitialInstanceCount=2))

    assert described["EndpointStatus"] == "InService"
    assert described["EndpointArn"] == ARN
    (variant,) = described["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"], variant["CurrentWeight"]) == (2, 2, 1.0)
    assert "sagemaker-xgboost" in variant["DeployedImages"][0]["SpecifiedImage"]
    assert api.statuses() == ["CREATING", "IN_SERVICE"]
    event = api.cloud.events[-1]
    assert (event.source, event.detail_type) == ("aws.sagemaker", "SageMaker Endpoint State Change")
    assert event.resources == [ARN]
    assert event.detail["EndpointConfigName"] == "c1"
    assert isinstance(event.detail["LastModifiedTime"], int)


def test_the_event_carries_the_tags(api, endpoint):
    endpoint(Tags=[{"Key": "stage", "Value": "dev"}])
    assert api.cloud.events[-1].detail["Tags"] == {"stage": "dev"}


def test_a_serverless_endpoint_starts_its_container_once_before_it_is_in_service(endpoint, servers):
    (variant,) = endpoint(serverless())["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert [server.starts for server in servers.made] == [1]


def test_an_endpoint_whose_container_does_not_answer_fails_with_the_reason(api, endpoint, servers):
    servers.failures["m1"] = "did not pass the ping health check"
    described = endpoint()
    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"] == "did not pass the ping health check"
    assert api.statuses() == ["CREATING", "FAILED"]
    assert all(server.removed for server in servers.made)
    api("DeleteEndpoint", EndpointName="churn")


def test_an_update_moves_traffic_and_ends_the_old_fleet(api, endpoint, servers):
    endpoint()
    described = update_to(api, "m2")

    assert described["EndpointConfigName"] == "c2"
    assert "FailureReason" not in described
    assert api.statuses() == ["CREATING", "IN_SERVICE", "UPDATING", "IN_SERVICE"]
    eventually(lambda: [server.removed for server in servers.made] == [True, False])


def test_the_old_fleet_answers_until_the_new_one_is_up(api, endpoint, servers):
    endpoint()
    servers.gates["m2"] = threading.Event()
    api.model("m2")
    api.config("c2", instances("m2"))
    api("UpdateEndpoint", EndpointName="churn", EndpointConfigName="c2")
    eventually(lambda: len(servers.made) == 2)

    api.invoke()
    described = api("DescribeEndpoint", EndpointName="churn")
    assert described["EndpointStatus"] == "Updating"
    assert described["EndpointConfigName"] == "c1"
    assert described["PendingDeploymentSummary"]["EndpointConfigName"] == "c2"
    servers.gates["m2"].set()
    api.settled()
    api.invoke()
    assert [server.invocations for server in servers.made] == [1, 1]


def test_a_request_under_way_is_answered_by_the_fleet_that_took_it(api, endpoint, servers):
    begun, release = threading.Event(), threading.Event()

    def slowly(headers, body):
        begun.set()
        release.wait(60)
        return Reply(200, b"old")

    servers.answer = slowly
    endpoint()
    servers.answer = lambda headers, body: Reply(200, b"new")
    answers = []
    request = threading.Thread(target=lambda: answers.append(api.invoke()["Body"]))
    request.start()
    begun.wait(60)
    update_to(api, "m2")
    assert api.invoke()["Body"] == b"new"
    assert not servers.made[0].removed
    release.set()
    request.join(10)
    assert answers == [b"old"]
    eventually(lambda: servers.made[0].removed)


def test_an_update_that_does_not_come_up_ends_on_the_old_config_with_the_reason(api, endpoint, servers):
    endpoint()
    servers.failures["m2"] = "did not pass the ping health check"
    described = update_to(api, "m2")

    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "c1")
    assert described["FailureReason"] == "did not pass the ping health check"
    assert api.statuses()[2:] == ["UPDATING", "ROLLING_BACK", "IN_SERVICE"]
    assert api.invoke()["Body"] == b"1,2"


@pytest.mark.parametrize(("directive", "told"), [("rollback", False), ("fail", True)])
def test_a_test_can_ask_for_a_rollback_by_a_tag_that_counts_once(api, endpoint, directive, told):
    endpoint(Tags=[{"Key": "localcloud:next-update", "Value": directive}])
    described = update_to(api, "m2")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "c1")
    assert ("FailureReason" in described) == told
    assert api("ListTags", ResourceArn=ARN)["Tags"] == []
    assert update_to(api, "m3", "c3")["EndpointConfigName"] == "c3"


def test_serverless_can_become_real_time_but_not_the_other_way(api, endpoint):
    endpoint(serverless())
    assert update_to(api, "m2")["EndpointConfigName"] == "c2"
    with pytest.raises(ApiError, match="from instance-based to serverless"):
        update_to(api, "m3", "c3", serverless)


def test_an_endpoint_whose_config_was_deleted_serves_but_cannot_be_updated(api, endpoint):
    endpoint()
    api("DeleteEndpointConfig", EndpointConfigName="c1")
    api.invoke()
    with pytest.raises(ApiError, match=r'Could not find endpoint configuration "arn:.*/c1"'):
        update_to(api, "m2")


def test_nothing_changes_an_endpoint_in_progress(api, servers):
    servers.gates["m1"] = threading.Event()
    api.model()
    api.config("c1", instances())
    api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1")
    for operation, more in (("UpdateEndpoint", {"EndpointConfigName": "c1"}), ("DeleteEndpoint", {})):
        with pytest.raises(ApiError, match=f'Cannot update in-progress endpoint "{ARN}"'):
            api(operation, EndpointName="churn", **more)
    servers.gates["m1"].set()
    api.settled()


def test_a_deleted_endpoint_is_gone_with_its_processes(api, endpoint, servers):
    endpoint()
    api("DeleteEndpoint", EndpointName="churn")

    def gone():
        try:
            api("DescribeEndpoint", EndpointName="churn")
        except ApiError as error:
            return error.message == f'Could not find endpoint "{ARN}".'
        return False

    eventually(gone)
    assert servers.made[0].removed
    assert api.statuses()[-1] == "DELETING"


@pytest.mark.parametrize("resource", ["endpoint/churn", "endpoint-config/c1"])
def test_creating_an_endpoint_asks_for_the_endpoint_and_its_config(api, endpoint, resource):
    endpoint()
    asked = {each.resource for each in api.cloud.authorizations if each.action == "sagemaker:CreateEndpoint"}
    assert f"arn:aws:sagemaker:us-east-1:000000000000:{resource}" in asked


def test_endpoints_are_listed_by_status(api, endpoint, servers):
    endpoint()
    servers.failures["bad"] = "no"
    api.model("bad")
    api.config("c9", instances("bad"))
    api("CreateEndpoint", EndpointName="second", EndpointConfigName="c9")
    api.settled("second")
    assert [each["EndpointName"] for each in api("ListEndpoints")["Endpoints"]] == ["second", "churn"]
    assert [each["EndpointName"] for each in api("ListEndpoints", StatusEquals="Failed")["Endpoints"]] == ["second"]


def test_autoscaling_sees_the_variants_of_an_endpoint_in_service(api, endpoint):
    assert api.hosting.instance_count("churn", "AllTraffic") is None
    endpoint()
    assert api.hosting.instance_count("churn", "AllTraffic") == 1
    assert api.hosting.instance_count("churn", "Other") is None


def test_closing_ends_the_servers_and_a_creation_under_way(api, endpoint, servers):
    endpoint()
    servers.gates["m2"] = threading.Event()
    api.model("m2")
    api.config("c2", instances("m2"))
    api("CreateEndpoint", EndpointName="second", EndpointConfigName="c2")
    eventually(lambda: len(servers.made) == 2)
    threading.Timer(0.05, servers.gates["m2"].set).start()
    api.hosting.close()
    assert [server.removed for server in servers.made] == [True, True]


def test_containers_of_a_killed_cloud_are_cleared_but_their_logs_stay(tmp_path):
    left = tmp_path / "endpoints" / "churn"
    (left / "AllTraffic-i-1" / "ml").mkdir(parents=True)
    (left / "AllTraffic-i-1.log").touch()
    Deployments(FakeCloud(tmp_path))
    assert [path.name for path in left.iterdir()] == ["AllTraffic-i-1.log"]
