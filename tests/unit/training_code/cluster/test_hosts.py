import json
from pathlib import Path

import pytest

from cluster.hosts import Cluster, processing_cluster, training_cluster
from cluster.meeting import meeting
from job import BadData

HOSTS = ["algo-1", "algo-2"]


def test_without_sagemakers_variables_the_host_is_alone(tmp_path: Path):
    alone = Cluster("algo-1", ("algo-1",))
    assert training_cluster({}) == alone == processing_cluster(tmp_path / "resourceconfig.json")
    assert (alone.rank, alone.size, alone.is_first) == (0, 1, True)


def test_training_hosts_come_from_the_environment():
    environ = {"SM_HOSTS": json.dumps(HOSTS), "SM_CURRENT_HOST": "algo-2", "TRAINING_JOB_NAME": "churn-1"}
    cluster = training_cluster(environ)
    assert cluster == Cluster("algo-2", ("algo-1", "algo-2"), "churn-1")
    assert (cluster.rank, cluster.size, cluster.is_first) == (1, 2, False)


def test_processing_hosts_come_from_resourceconfig(tmp_path: Path):
    config = tmp_path / "resourceconfig.json"
    config.write_text(json.dumps({"current_host": "algo-1", "hosts": HOSTS}))
    assert processing_cluster(config) == Cluster("algo-1", ("algo-1", "algo-2"))
    (tmp_path / "processingjobconfig.json").write_text(json.dumps({"ProcessingJobArn": "arn:job"}))
    assert processing_cluster(config).job == "arn:job"


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        ("algo-1", "SM_HOSTS is not JSON"),
        ('["algo-1", "algo-1"]', "without repetition"),
        ('["algo-2"]', "holds this host, algo-1"),
        ('{"algo-1": 1}', "SM_HOSTS names the hosts {'algo-1': 1}"),
    ],
)
def test_hosts_that_make_no_cluster_are_refused(hosts: str, sentence: str):
    with pytest.raises(BadData, match=sentence):
        training_cluster({"SM_HOSTS": hosts, "SM_CURRENT_HOST": "algo-1"})


def test_a_host_that_is_alone_meets_itself_without_a_socket():
    with meeting(Cluster("algo-1", ("algo-1",))) as here:
        assert (here.rank, here.size, here.gather(b"data")) == (0, 1, [b"data"])
