from localcloud.sagemaker.jobs.hosts import hosts_file, names
from localcloud.sagemaker.jobs.isolation import Isolation

NAMESPACE = Isolation(["unshare"])


def test_hosts_have_names_where_these_resolve_and_addresses_where_not():
    assert names(2, NAMESPACE) == ["algo-1", "algo-2"]
    assert names(2, Isolation()) == ["127.0.0.1", "127.0.0.2"]


def test_a_single_host_is_algo_1_everywhere():
    assert names(1, NAMESPACE) == names(1, Isolation()) == ["algo-1"]


def test_the_jobs_hosts_file_holds_its_hosts_and_the_machines():
    lines = hosts_file(2).splitlines()
    assert lines[:2] == ["127.0.0.1 algo-1", "127.0.0.2 algo-2"]
    assert any("localhost" in line for line in lines)
