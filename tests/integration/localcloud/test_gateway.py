"""The server as a whole: its port, its start and end, its IAM."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from localcloud import daemon
from localcloud.errors import LocalCloudError
from tests.integration.localcloud.conftest import ACCOUNT, REGION, Running
from tests.waiting import eventually

linux_only = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
GROUPS = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group"


@linux_only
def test_opens_one_loopback_port_and_no_other(cloud: Running) -> None:
    listening = [
        line.split() for table in ("tcp", "tcp6", "udp", "udp6") for line in _sockets_of(cloud.server.pid, table)
    ]

    assert [_address(entry[1]) for entry in listening] == [("127.0.0.1", cloud.server.port)]


def test_writes_where_it_answers(cloud: Running) -> None:
    written = json.loads((cloud.state_dir / "server.json").read_text())

    assert written["endpoint_url"] == f"http://127.0.0.1:{cloud.server.port}"
    assert daemon.status(cloud.state_dir) == cloud.server


def test_routes_sagemaker_by_target_and_its_runtime_by_path(cloud: Running) -> None:
    assert cloud.client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []
    with pytest.raises(ClientError) as unknown:
        cloud.client("sagemaker-runtime").invoke_endpoint(EndpointName="no-such-endpoint", Body=b"")
    assert unknown.value.response["Error"]["Code"] == "ValidationError"
    assert "no-such-endpoint" in unknown.value.response["Error"]["Message"]


def test_an_operation_that_is_not_there_says_so(cloud: Running) -> None:
    with pytest.raises(ClientError) as refused:
        cloud.client("sagemaker").list_apps()

    assert refused.value.response["Error"] == {
        "Code": "UnknownOperationException",
        "Message": "ListApps is not implemented by the local cloud",
    }


def test_a_role_without_the_permission_is_denied_in_aws_words(cloud: Running) -> None:
    role = cloud.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Action": "sagemaker:List*", "Resource": "*"})
    sagemaker = cloud.as_role(role, "sagemaker")

    with pytest.raises(ClientError) as denied:
        sagemaker.create_model_package_group(ModelPackageGroupName="forbidden")

    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rsplit('/', 1)[-1]}/test"
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert denied.value.response["Error"]["Message"] == (
        f"User: {session} is not authorized to perform: sagemaker:CreateModelPackageGroup on resource: "
        f"{GROUPS}/forbidden because no identity-based policy allows the sagemaker:CreateModelPackageGroup action"
    )


def test_permissions_are_scoped_to_the_resource(cloud: Running) -> None:
    name = f"allowed-{uuid.uuid4().hex[:6]}"
    statement = {"Action": "sagemaker:CreateModelPackageGroup", "Resource": f"{GROUPS}/allowed-*"}
    sagemaker = cloud.as_role(cloud.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, statement), "sagemaker")

    assert (
        sagemaker.create_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"] == f"{GROUPS}/{name}"
    )
    with pytest.raises(ClientError, match="not authorized"):
        sagemaker.create_model_package_group(ModelPackageGroupName="other")


def test_a_forged_signature_is_refused(cloud: Running) -> None:
    role = cloud.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Action": "*", "Resource": "*"})
    session = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    forged = cloud.client(
        "sagemaker",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key="not the secret",
        aws_session_token=session["SessionToken"],
    )

    with pytest.raises(ClientError) as refused:
        forged.list_training_jobs()

    assert refused.value.response["Error"]["Code"] in ("InvalidSignatureException", "SignatureDoesNotMatch")


def test_an_unsigned_request_is_refused(cloud: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.server.port, timeout=10)

    connection.request("POST", "/", b"{}", {"X-Amz-Target": "SageMaker.ListTrainingJobs"})

    answer = connection.getresponse()
    assert answer.status == 403
    assert b"MissingAuthenticationToken" in answer.read()


def test_tls_only_policies_hold_on_the_loopback(cloud: Running) -> None:
    bucket = f"tls-only-{uuid.uuid4().hex[:8]}"
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=bucket)
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources, "Condition": insecure}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    role = cloud.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Action": "s3:PutObject", "Resource": resources[1]})

    cloud.as_role(role, "s3").put_object(Bucket=bucket, Key="a", Body=b"a")

    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"


def test_autoscaling_is_routed_and_asks_for_the_endpoints_variant(cloud: Running) -> None:
    scaling = cloud.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/no-such-endpoint/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }

    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    with pytest.raises(ClientError, match="No SageMaker endpoint variant was found") as refused:
        scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    assert refused.value.response["Error"]["Code"] == "ValidationException"

    role = cloud.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Action": "sagemaker:*", "Resource": "*"})
    with pytest.raises(ClientError, match="not authorized to perform: application-autoscaling:RegisterScalableTarget"):
        cloud.as_role(role, "application-autoscaling").register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)


@linux_only
def test_other_interfaces_answer_only_when_exposed(tmp_path: Path, cloud: Running) -> None:
    # All of 127.0.0.0/8 reaches this machine, but only an exposed server listens beyond 127.0.0.1.
    assert not _answers(cloud.server.port, "127.0.0.2")
    with daemon.running(tmp_path, expose=True) as exposed:
        assert _answers(exposed.port, "127.0.0.2")


def test_a_taken_port_is_refused_with_what_to_do(tmp_path: Path, cloud: Running) -> None:
    with pytest.raises(LocalCloudError, match=f"Port {cloud.server.port} .* choose another port"):
        daemon.start_detached(tmp_path, port=cloud.server.port)


def test_a_second_server_on_the_same_state_is_refused(cloud: Running) -> None:
    with pytest.raises(LocalCloudError, match="already running"):
        daemon.start_detached(cloud.state_dir)


def test_detached_server_outlives_its_starter_and_stops_when_told(tmp_path: Path) -> None:
    script = f"from localcloud import daemon; from pathlib import Path; daemon.start_detached(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(daemon.__file__).parents[1])
    server = daemon.status(tmp_path)
    assert server is not None
    assert _answers(server.port)

    assert daemon.stop(tmp_path)

    assert not _answers(server.port)
    assert daemon.status(tmp_path) is None
    assert not daemon.stop(tmp_path)


def test_stopping_does_not_wait_for_work_that_runs(tmp_path: Path) -> None:
    server = daemon.start_detached(tmp_path)
    cloud = Running(server, tmp_path)
    function = cloud.function("import time\ndef handle(event, context): time.sleep(600)\n", Timeout=900)
    invocation = threading.Thread(target=_invoke_and_lose, args=(cloud.client("lambda"), function))
    invocation.start()
    eventually(lambda: _children(server.pid, "_worker.py"))

    assert daemon.stop(tmp_path)

    invocation.join(60)
    assert not invocation.is_alive()


def _invoke_and_lose(client: Any, function: str) -> None:
    with suppress(ClientError, HTTPClientError):
        client.invoke(FunctionName=function)


def test_a_stale_server_file_is_no_server(tmp_path: Path) -> None:
    stale = {"pid": os.getpid(), "port": 1, "endpoint_url": "", "started_at": 0.0, "log": ""}
    (tmp_path / "server.json").write_text(json.dumps(stale))

    assert daemon.status(tmp_path) is None
    assert not daemon.stop(tmp_path)
    assert not (tmp_path / "server.json").exists()


def test_the_server_ends_with_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time; from localcloud import daemon; from pathlib import Path\n"
        f"with daemon.running(Path({str(tmp_path)!r})) as server:\n"
        "    print(server.port, server.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(daemon.__file__).parents[1], text=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        port, pid = map(int, parent.stdout.readline().split())
        assert _answers(port)

        parent.kill()
        parent.wait()

    eventually(lambda: not _alive(pid))
    assert not _answers(port)


@linux_only
def test_nothing_survives_a_killed_server(tmp_path: Path) -> None:
    sleeper = "import time\ndef handle(event, context):\n    time.sleep(600)\n"
    with daemon.running(tmp_path) as server:
        cloud = Running(server, tmp_path)
        function = cloud.function(sleeper, Timeout=900)
        cloud.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
        workers = eventually(lambda: _children(server.pid, "_worker.py"))

        os.kill(server.pid, signal.SIGKILL)

        eventually(lambda: not any(map(_alive, workers)))
        eventually(lambda: not _children_of_any(str(tmp_path)))


def _sockets_of(pid: int, table: str) -> list[str]:
    """The process's lines of /proc/net/<table>: listening TCP sockets, any UDP socket."""
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.add(str(link.readlink()))
        except FileNotFoundError:
            continue
    lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    listening = "0A" if table.startswith("tcp") else ""
    return [line for line in lines if f"socket:[{line.split()[9]}]" in held and line.split()[3].startswith(listening)]


def _address(hexadecimal: str) -> tuple[str, int]:
    host, port = hexadecimal.split(":")
    return socket.inet_ntoa(bytes.fromhex(host)[::-1]), int(port, 16)


def _answers(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _children(parent: int, command: str) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            line = (folder / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat[1]) == parent and command in line:
            found.append(int(folder.name))
    return found


def _children_of_any(text: str) -> list[int]:
    """Processes other than this one whose command line holds `text`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if text in (folder / "cmdline").read_text():
                    found.append(int(folder.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def test_a_client_that_asks_often_keeps_its_connection(cloud):
    connection = http.client.HTTPConnection("127.0.0.1", cloud.server.port, timeout=10)
    connection.connect()
    kept = connection.sock
    for _ in range(1100):
        connection.request("GET", "/_ministack/health")
        connection.getresponse().read()
    assert connection.sock is kept
    connection.close()
