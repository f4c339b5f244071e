"""Nobody gets more than was given: kubelets by what they create, people by roles that collect others' rules."""

from functools import partial
from typing import Any

import pytest
from tests.apiserver.rules_reader import DictReader

from kubecapy.apimachinery.errors import Forbidden, NotFound
from kubecapy.apiserver.admission.kubelets import KubeletAdmission
from kubecapy.apiserver.admission.role_grants import RoleAdmission
from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.authorization.bootstrap_policy import objects
from kubecapy.apiserver.interfaces import Attributes, UserInfo

RBAC = "rbac.authorization.k8s.io"
KUBELET = UserInfo(name="system:node:n1", groups=("system:nodes", "system:authenticated"))
ROLE_WRITER = UserInfo(name="jane", groups=("system:authenticated",))


@pytest.fixture
def reader() -> DictReader:
    return DictReader(objects())


def ask(verb: str, resource: str, namespace: str = "default", name: str = "", group: str = "") -> Attributes:
    return Attributes(verb=verb, group=group, version="v1", resource=resource, namespace=namespace, name=name)


NODE = {"metadata": {"name": "n1", "uid": "u-1"}}
OWNER = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u-1", "controller": True}


def mirror(*owners: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {"name": "m", "namespace": "default", "annotations": {"kubernetes.io/config.mirror": "x"}}
    metadata["ownerReferences"] = list(owners or (OWNER,))
    containers = [{"name": "c", "image": "i"}]
    return {"metadata": metadata, "spec": {"nodeName": "n1", "containers": containers, **spec}}


@pytest.mark.parametrize("verb", ["get", "list", "watch"])
@pytest.mark.parametrize("plural", ["secrets", "configmaps"])
def test_a_pod_with_a_variable_gives_its_kubelet_no_list_of_secrets(reader: DictReader, verb: str, plural: str) -> None:
    container = {"name": "c", "env": [{"name": "A", "value": "b"}], "envFrom": [{"prefix": "p"}]}
    pod = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"nodeName": "n1", "containers": [container]}}
    reader.put("", "pods", pod)

    assert not Authorizer(reader).is_allowed(KUBELET, ask(verb, plural))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, "secrets"),
        ({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}, "configmaps"),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}]}, "secrets"),
        ({"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "s"}}]}]}, "secrets"),
        ({"imagePullSecrets": [{"name": "s"}]}, "secrets"),
        ({"serviceAccountName": "admin"}, "service account"),
        (
            {"volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]},
            "service account",
        ),
    ],
    ids=["secret", "configMap", "projected", "envFrom", "imagePullSecrets", "account", "token"],
)
def test_a_kubelet_gets_at_nothing_by_a_mirror_pod(reader: DictReader, spec: dict[str, Any], words: str) -> None:
    reader.put("", "nodes", NODE)

    with pytest.raises(Forbidden, match=words):
        KubeletAdmission(reader).admit_create(KUBELET, ask("create", "pods"), mirror(**spec))


@pytest.mark.parametrize(
    ("owners", "words"),
    [
        ([{}], 'node "n1" can only create pods with an owner reference set to itself'),
        ([OWNER | {"name": "n2"}], 'node "n1" can only create pods with an owner reference set to itself'),
        ([OWNER, OWNER], 'node "n1" can only create pods with a single owner reference set to itself'),
        ([OWNER | {"controller": False}], 'node "n1" can only create pods with a controller owner reference set to it'),
        ([OWNER | {"blockOwnerDeletion": True}], 'node "n1" must not set blockOwnerDeletion on an owner reference'),
        ([OWNER | {"uid": "u-2"}], "node n1 UID mismatch: expected u-2 got u-1"),
    ],
    ids=["nobody", "another", "two", "no controller", "blocking", "another life"],
)
def test_a_mirror_pod_belongs_to_its_node(reader: DictReader, owners: list[dict[str, Any]], words: str) -> None:
    reader.put("", "nodes", NODE)

    with pytest.raises(Forbidden, match=words):
        KubeletAdmission(reader).admit_create(KUBELET, ask("create", "pods"), mirror(*owners))


def test_a_mirror_pod_comes_after_its_node(reader: DictReader) -> None:
    with pytest.raises(NotFound, match='nodes "n1" not found'):
        KubeletAdmission(reader).admit_create(KUBELET, ask("create", "pods"), mirror())


def test_a_mirror_pod_of_a_control_plane_is_admitted(reader: DictReader) -> None:
    reader.put("", "nodes", NODE)
    pod = mirror(volumes=[{"name": "v", "hostPath": {"path": "/etc/kubernetes/pki"}}], hostNetwork=True)

    assert KubeletAdmission(reader).admit_create(KUBELET, ask("create", "pods"), pod) == pod


@pytest.mark.parametrize("change", [False, True], ids=["create", "update"])
def test_a_role_collects_the_rules_of_others_for_those_alone_who_hold_everything(
    reader: DictReader, *, change: bool
) -> None:
    plain: dict[str, Any] = {"metadata": {"name": "mine"}, "rules": []}
    greedy = {**plain, "aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": []}]}}
    admission, attributes = RoleAdmission(Authorizer(reader)), ask("create", "clusterroles", "", "mine", RBAC)

    ask_admission = (
        partial(admission.admit_update, ROLE_WRITER, attributes, plain)
        if change
        else partial(admission.admit_create, ROLE_WRITER, attributes)
    )

    with pytest.raises(Forbidden, match="aggregationRule"):
        ask_admission(greedy)


def test_an_administrator_may_let_a_role_collect(reader: DictReader) -> None:
    administrator = UserInfo(name="root", groups=("system:masters",))
    greedy = {"metadata": {"name": "mine"}, "aggregationRule": {"clusterRoleSelectors": []}}

    admitted = RoleAdmission(Authorizer(reader)).admit_create(
        administrator, ask("create", "clusterroles", "", "mine", RBAC), greedy
    )

    assert admitted == greedy
