"""Create a second cluster from a first one that manages itself: the first is not broken, and nothing of it moves."""

import json
from collections.abc import Iterator

import pytest
from demo.stage import open_stage
from tests.e2e.quick_stage import CREATE, QUICK_CLOUD, Typist
from tests.e2e.second_cluster import CREATE_SECOND, write_second

pytestmark = [pytest.mark.xdist_group("second-cluster"), pytest.mark.timeout(400)]

FROM_FIRST = ("--bootstrap-cluster-kubeconfig", "kubeconfig")
EVERYTHING = "namespaces,clusters,machines,secrets,deployments,statefulsets,crds,clusterroles,clusterrolebindings"


@pytest.fixture(scope="module")
def typist() -> Iterator[Typist]:
    """A first cluster, and the manifests of a second one."""
    with open_stage(lambda _: None, QUICK_CLOUD) as stage:
        typist = Typist(stage)
        typist.prepare()
        write_second(stage)
        typist.must(*CREATE)
        yield typist


def names(typist: Typist, kinds: str, *flags: str) -> list[str]:
    return sorted(typist.must("kubectl", "get", kinds, "-A", "-o", "name", *flags).split())


def uids_and_specs(typist: Typist) -> list[tuple[str, object]]:
    listed = json.loads(typist.must("kubectl", "get", "clusters,machines,deployments,statefulsets", "-A", "-o", "json"))
    return [(item["metadata"]["uid"], item["spec"]) for item in listed["items"]]


def test_a_second_cluster_comes_and_goes_while_the_first_stays_as_it_was(typist: Typist) -> None:
    before, specs = names(typist, EVERYTHING), uids_and_specs(typist)

    typist.must(*CREATE_SECOND, *FROM_FIRST)
    after_create = names(typist, EVERYTHING)
    moved = names(typist, "clusters,machines", "--kubeconfig", "second/kubeconfig")
    servers = typist.belongings()["servers"]
    typist.must("clusterctl", "delete", "cluster", "--kubeconfig", "second/kubeconfig", *FROM_FIRST)

    assert after_create == before
    assert [name.split("/")[1].rpartition("-")[0] for name in moved] == ["", "other-master", "other-node"]
    assert len(servers) == 4
    assert names(typist, EVERYTHING) == before
    assert uids_and_specs(typist) == specs
    assert [name.rpartition("-")[0] for name in typist.belongings()["servers"]] == ["liugya-master", "liugya-node"]

    # The first still works for its living.
    typist.must("kubectl", "apply", "-f", "machine.yaml")
    typist.must(
        *("kubectl", "wait", "machine/liugya-node-1", "--for=jsonpath={.status.phase}=Running", "--timeout=30s")
    )
