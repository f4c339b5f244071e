"""Create a second cluster from a first one that manages itself: the first is not broken, and nothing of it moves."""

import json
import urllib.request
from collections.abc import Iterator

import pytest
import yaml
from demo.stage import Stage, open_stage
from tests.e2e.quick_stage import CREATE, QUICK_CLOUD, Typist

pytestmark = [pytest.mark.xdist_group("second-cluster"), pytest.mark.timeout(200)]

FROM_FIRST = ("--bootstrap-cluster-kubeconfig", "kubeconfig")
SECOND = (
    *("clusterctl", "create", "cluster", "--provider", "openstack", "-p", "out/provider-components.yaml"),
    *("-c", "second/cluster.yaml", "-m", "second/machines.yaml", "--kubeconfig-out", "second/kubeconfig", *FROM_FIRST),
)
EVERYTHING = "namespaces,clusters,machines,secrets,deployments,statefulsets,crds,clusterroles,clusterrolebindings"


@pytest.fixture(scope="module")
def typist() -> Iterator[Typist]:
    """A first cluster, and the manifests of a second one."""
    with open_stage(lambda _: None, cloud_command=QUICK_CLOUD) as stage:
        typist = Typist(stage)
        typist.prepare()
        write_second(stage)
        typist.must(*CREATE)
        yield typist


def write_second(stage: Stage) -> None:
    """Write manifests like the first ones under other names, in a namespace of their own, with other addresses.

    The first cluster's further machine gets an address of its own, too.
    """
    folder = stage.work / "second"
    folder.mkdir()
    cluster = yaml.safe_load((stage.work / "cluster.yaml").read_text())
    cluster["metadata"] = {"name": "test2", "namespace": "second"}
    machines = yaml.safe_load((stage.work / "machines.yaml").read_text())
    for machine in machines["items"]:
        machine["metadata"]["namespace"] = "second"
        machine["metadata"]["generateName"] = machine["metadata"]["generateName"].replace("liugya", "other")
        machine["spec"]["providerSpec"]["value"]["floatingIP"] = allocate_address(stage)
    further = yaml.safe_load((stage.work / "machine.yaml").read_text())
    further["spec"]["providerSpec"]["value"]["floatingIP"] = allocate_address(stage)
    (stage.work / "machine.yaml").write_text(yaml.safe_dump(further))
    (folder / "cluster.yaml").write_text(yaml.safe_dump(cluster))
    (folder / "machines.yaml").write_text(yaml.safe_dump(machines))


def allocate_address(stage: Stage) -> str:
    """Have the cloud's administrator give the project one more address."""
    control = json.loads((stage.cloud / "control.json").read_text())
    request = urllib.request.Request(  # noqa: S310 - the cloud's own address
        control["url"] + "/world/floatingips", data=b"{}", headers={"Authorization": f"Bearer {control['token']}"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as reply:
        return str(json.load(reply)["floating_ip_address"])


def names(typist: Typist, kinds: str, *flags: str) -> list[str]:
    return sorted(typist.must("kubectl", "get", kinds, "-A", "-o", "name", *flags).split())


def uids_and_specs(typist: Typist) -> list[tuple[str, object]]:
    listed = json.loads(typist.must("kubectl", "get", "clusters,machines,deployments,statefulsets", "-A", "-o", "json"))
    return [(item["metadata"]["uid"], item["spec"]) for item in listed["items"]]


def test_a_second_cluster_comes_and_goes_while_the_first_stays_as_it_was(typist: Typist) -> None:
    before, specs = names(typist, EVERYTHING), uids_and_specs(typist)

    typist.must(*SECOND)
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
