"""The article's story with a real etcd and kube-apiserver as the bootstrap cluster, to the last thing left behind."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.e2e.quick_stage import CREATE, DELETE, Ended, Typist
from tests.e2e.real_bootstrap import BORROWED, NODE, RealBootstrap, run_real_bootstrap
from tests.e2e.rights import FORBIDDEN, Asked, Right, read_audit, rights_of

pytestmark = [pytest.mark.xdist_group("story-on-kubernetes"), pytest.mark.timeout(600)]

ACCOUNTS = {
    "clusterapi-controllers": "system:serviceaccount:openstack-provider-system:clusterapi-controllers",
    "controller-manager": "system:serviceaccount:system:controller-manager",
}
HOST_USERS = (f"system:node:{NODE}", "system:kube-scheduler", "system:bootstrap:abcdef")
UNASKED = {
    "clusterapi-controllers": {
        Right("", "events", "patch"): "an Event that repeats is counted up",
        Right("", "nodes", "get"): "a worker is asked whether the controllers run on it, before it is deleted",
        Right("", "secrets", "patch"): "a kubeconfig follows its cluster's address",
        Right("cluster.k8s.io", "clusters/finalizers", "update"): "admission asks, by no request of its own",
    },
    "controller-manager": {
        Right("", "events", "patch"): "an Event that repeats is counted up",
    },
}
"""Rights that this story may do without, and what they are for."""
OWN_KINDS = "clusters.cluster.k8s.io,machines.cluster.k8s.io"
JsonObject = dict[str, Any]


@dataclass
class Story:
    """What was seen at each turn of the story."""

    typist: Typist
    real: RealBootstrap
    before: list[str]
    """Everything that the bootstrap cluster held before the story."""
    belongings: Mapping[str, list[str]]
    """What the project held."""
    at_work: dict[str, JsonObject] = field(default_factory=dict)
    """What the bootstrap cluster held when the control plane's Node was there, by `kind/name`."""

    def kubectl(self, *words: str) -> JsonObject:
        """Return the decoded answer of kubectl about the new cluster."""
        return json.loads(self.typist.must("kubectl", *words, "-o", "json"))

    def look_at_work(self) -> None:
        kinds = f"{OWN_KINDS},crds,deployments,statefulsets,pods,secrets"
        listed = json.loads(self.real.kubectl("get", kinds, "-A", "-o", "json"))
        self.at_work = {f"{item['kind']}/{item['metadata']['name']}": item for item in listed["items"]}


@pytest.fixture(scope="module")
def story(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The story up to the new cluster, watched at the moment when the bootstrap cluster's work is done."""
    with run_real_bootstrap(binaries, tmp_path_factory.mktemp("kubernetes")) as real:
        story = Story(real.typist, real, real.holdings(), real.typist.belongings())
        at = "Getting target cluster kubeconfig"
        created = real.typist.type([*CREATE, *BORROWED], at=at, send=None, meanwhile=story.look_at_work)
        assert created.code == 0, created.text
        yield story


@pytest.fixture(scope="module")
def deleted(story: Story) -> Ended:
    """The end of the story."""
    return story.typist.type([*DELETE, *BORROWED])


def condition(obj: JsonObject, type_: str) -> JsonObject:
    return next((found for found in obj["status"].get("conditions", []) if found["type"] == type_), {})


def names(objects: Mapping[str, JsonObject], kind: str) -> list[str]:
    return sorted(name.partition("/")[2] for name in objects if name.startswith(f"{kind}/"))


def test_the_real_api_server_takes_the_components_and_runs_them(story: Story) -> None:
    for name in names(story.at_work, "CustomResourceDefinition"):
        crd = story.at_work[f"CustomResourceDefinition/{name}"]
        assert {"Established", "NamesAccepted"} <= {
            found["type"] for found in crd["status"]["conditions"] if found["status"] == "True"
        }
    deployment = story.at_work["Deployment/clusterapi-controllers"]
    stateful_set = story.at_work["StatefulSet/controller-manager"]
    pods = [story.at_work[f"Pod/{name}"] for name in names(story.at_work, "Pod") if NODE not in name]

    assert {f"{plural}.cluster.k8s.io" for plural in ("clusters", "machines")} <= set(
        names(story.at_work, "CustomResourceDefinition")
    )
    assert (deployment["status"]["readyReplicas"], stateful_set["status"]["readyReplicas"]) == (1, 1)
    assert len(pods) == 2
    assert {pod["spec"]["nodeName"] for pod in pods} == {NODE}
    assert {pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods} == {0}
    assert {pod["spec"]["serviceAccountName"] for pod in pods} == {"clusterapi-controllers", "controller-manager"}


def test_the_control_plane_was_made_by_what_runs_there(story: Story) -> None:
    (cluster,) = (story.at_work[f"Cluster/{name}"] for name in names(story.at_work, "Cluster"))
    (machine,) = (story.at_work[f"Machine/{name}"] for name in names(story.at_work, "Machine"))

    assert cluster["metadata"]["finalizers"] == ["cluster.cluster.k8s.io"]
    assert machine["metadata"]["finalizers"] == ["machine.cluster.k8s.io"]
    assert [owner["uid"] for owner in machine["metadata"]["ownerReferences"]] == [cluster["metadata"]["uid"]]
    assert machine["spec"]["providerID"].startswith("openstack:///")
    assert machine["status"]["nodeRef"]["name"] == machine["metadata"]["name"]
    assert condition(cluster, "CertificatesReady")["status"] == "True"
    for end in ("ca", "etcd", "kubeconfig", "proxy", "sa"):
        owners = story.at_work[f"Secret/test1-{end}"]["metadata"]["ownerReferences"]
        assert [owner["uid"] for owner in owners] == [cluster["metadata"]["uid"]]


def test_the_new_cluster_holds_what_was_moved_as_it_was(story: Story) -> None:
    listed = story.kubectl("get", f"{OWN_KINDS},secrets", "-n", "default")["items"]
    moved = {f"{item['kind']}/{item['metadata']['name']}": item for item in listed}
    cluster, nodes = moved["Cluster/test1"], story.kubectl("get", "nodes")["items"]
    uids = {node["metadata"]["name"]: node["metadata"]["uid"] for node in nodes}

    assert names(moved, "Machine") == sorted(uids)
    for name in names(moved, "Machine"):
        machine = moved[f"Machine/{name}"]
        assert machine["metadata"]["finalizers"] == ["machine.cluster.k8s.io"]
        assert [owner["uid"] for owner in machine["metadata"]["ownerReferences"]] == [cluster["metadata"]["uid"]]
        assert machine["status"]["nodeRef"]["uid"] == uids[name]
        assert machine["status"]["phase"] == "Running"
        assert condition(machine, "Ready")["status"] == "True"
    for node in nodes:
        assert condition(node, "Ready")["status"] == "True"
    assert cluster["metadata"]["finalizers"] == ["cluster.cluster.k8s.io"]
    assert not cluster["spec"].get("paused")
    (master,) = names(story.at_work, "Machine")
    before, after = story.at_work[f"Machine/{master}"], moved[f"Machine/{master}"]
    assert after["spec"] == before["spec"]
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"]
    for end in ("ca", "etcd", "kubeconfig", "proxy", "sa"):
        secret = moved[f"Secret/test1-{end}"]
        assert secret["data"] == story.at_work[f"Secret/test1-{end}"]["data"]
        assert [owner["uid"] for owner in secret["metadata"]["ownerReferences"]] == [cluster["metadata"]["uid"]]


def test_each_machine_is_one_server_that_was_made_once(story: Story) -> None:
    machines = [item["metadata"]["name"] for item in story.kubectl("get", "machines")["items"]]
    made = [entry for entry in story.typist.calls("compute", "POST") if entry["path"].endswith("/servers")]

    assert story.typist.belongings()["servers"] == sorted([*machines, NODE])
    assert [entry["status"] for entry in made] == [202] * (len(machines) + 1)


def test_the_bootstrap_cluster_is_left_as_it_was(story: Story) -> None:
    assert story.real.holdings() == story.before


def test_a_worker_goes_and_another_comes(story: Story) -> None:
    typist = story.typist
    worker = next(
        name for name in typist.must("kubectl", "get", "machines", "-o", "name").split() if "liugya-node" in name
    )

    typist.must("kubectl", "delete", worker)
    left = typist.belongings()["servers"]
    typist.must("kubectl", "apply", "-f", "machine.yaml")
    typist.must(
        *("kubectl", "wait", "machine/liugya-node-1", "--for=jsonpath={.status.phase}=Running", "--timeout=60s")
    )

    assert worker.partition("/")[2] not in left
    assert "liugya-node-1" in typist.belongings()["servers"]
    assert condition(story.kubectl("get", "node", "liugya-node-1"), "Ready")["status"] == "True"


def test_a_deleted_cluster_leaves_the_project_and_the_bootstrap_cluster_as_they_were(
    story: Story, deleted: Ended
) -> None:
    assert deleted.code == 0, deleted.text
    assert story.typist.belongings() == story.belongings
    assert story.real.holdings() == story.before
    assert not list(story.typist.state_home.iterdir())


@pytest.mark.usefixtures("deleted")
def test_nothing_was_forbidden_to_the_components_and_to_the_host(story: Story) -> None:
    asked = [found for found in read_audit(story.real.audit_log) if found.user in (*ACCOUNTS.values(), *HOST_USERS)]

    assert {found.user for found in asked} == {*ACCOUNTS.values(), *HOST_USERS}
    assert [found for found in asked if found.code == FORBIDDEN and not came_too_soon(found, asked)] == []


def came_too_soon(refused: Asked, asked: Sequence[Asked]) -> bool:
    """Whether kube-apiserver did not know yet that a pod is bound to the node, and allowed the same a moment later.

    Its Node authorizer follows bindings by a watch; kubelets meet that too, and ask again, as the host does.
    """
    allowed = {(found.user, found.right) for found in asked if found.code < FORBIDDEN}
    return "no relationship found between node" in refused.message and (refused.user, refused.right) in allowed


@pytest.mark.usefixtures("deleted")
@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_components_hold_no_right_that_they_do_not_use(story: Story, account: str) -> None:
    components = yaml.safe_load_all((story.typist.stage.work / "out" / "provider-components.yaml").read_text())
    used = {found.right for found in read_audit(story.real.audit_log) if found.user == ACCOUNTS[account]}
    held = rights_of(account, [found for found in components if found])

    assert used <= held
    assert held - used <= set(UNASKED[account])
