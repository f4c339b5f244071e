"""Boot hosts as kubeadm would: a Node comes where the user data lets it, and none where something is missing."""

from collections.abc import Callable
from typing import Any

import msgspec

from kubecapy.api.core import (
    CONFIG_MAPS,
    NODES,
    SECRETS,
    ConfigMap,
    Node,
    NodeCondition,
    NodeSpec,
    NodeStatus,
    NodeSystemInfo,
)
from kubecapy.apimachinery.codec import load_yaml
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, ObjectMeta, key_of
from kubecapy.bootstrap.tokens import TOKEN_NAMESPACE, token_secret_name
from kubecapy.client.interfaces import Unreachable
from kubecapy.clock import Clock
from kubecapy.testing.fake_api import Call, FakeApi

_CLUSTER_INFO = ObjectMeta(name="cluster-info", namespace="kube-public")


class Host(msgspec.Struct, frozen=True):
    """A server that runs, as its hypervisor knows it."""

    name: str
    provider_id: str
    user_data: bytes


class Workload:
    """A workload cluster in memory: silent until its first control plane has booted."""

    def __init__(
        self, endpoint: str, clock: Clock, before: Callable[[Call], None], after: Callable[[Call], None]
    ) -> None:
        """Answer at `endpoint`; `before` and `after` see every call."""
        self.api = FakeApi(clock)
        self.is_up = False
        self._endpoint = endpoint
        self._before = before
        self.api.before_call = self._refuse_while_down
        self.api.after_call = after

    def _refuse_while_down(self, call: Call) -> None:
        self._before(call)
        if not self.is_up:
            raise Unreachable(f"https://{self._endpoint}: connection refused")


def endpoint_of(host: Host) -> str | None:
    """Return host and port of the API server that `host` makes or joins; None where its user data has no kubeadm."""
    documents = _kubeadm_documents(host)
    if not documents:
        return None
    first, *others = documents
    if first["kind"] == "InitConfiguration":
        return next(str(found) for other in others if (found := other.get("controlPlaneEndpoint")))
    return str(first["discovery"]["bootstrapToken"]["apiServerEndpoint"])


def boot(host: Host, workload: Workload) -> bool:
    """Do what the user data says, and return whether the host has become a Node.

    A host that joins needs a running control plane and its token in the cluster; kubeadm tries again until they are
    there.
    """
    first = _kubeadm_documents(host)[0]
    if first["kind"] == "InitConfiguration":
        workload.is_up = True
        _ensure_cluster_info(workload.api)
    elif not (workload.is_up and _has_token(workload.api, first["discovery"]["bootstrapToken"]["token"])):
        return False
    node = ready_node(first["nodeRegistration"]["name"], host.provider_id)
    # A kubelet takes over a Node of its name that is there already, and cannot change its providerID.
    if workload.api.store.find(NODES, key_of(node)) is None:
        workload.api.put(NODES, node)
    return True


def ready_node(name: str, provider_id: str) -> Node:
    """Return the Node as a kubelet registers it once the host is up."""
    return Node(
        metadata=ObjectMeta(name=name),
        spec=NodeSpec(provider_id=provider_id),
        status=NodeStatus(
            conditions=(NodeCondition(type="Ready", status="True", reason="KubeletReady"),),
            node_info=NodeSystemInfo(kubelet_version="v1.14.0"),
        ),
    )


def _kubeadm_documents(host: Host) -> list[JsonObject]:
    document: Any = load_yaml(host.user_data.decode())[0]  # Any: a cloud-config, read as a host would
    files = document.get("write_files", ()) if isinstance(document, dict) else ()
    return load_yaml(next((file["content"] for file in files if "kubeadm" in file["path"]), ""))


def _ensure_cluster_info(api: FakeApi) -> None:
    if not api.objects(CONFIG_MAPS, _CLUSTER_INFO.namespace):
        api.put(CONFIG_MAPS, ConfigMap(metadata=_CLUSTER_INFO))


def _has_token(api: FakeApi, token: str) -> bool:
    wanted = ObjectKey(TOKEN_NAMESPACE, token_secret_name(token.partition(".")[0]))
    return api.store.find(SECRETS, wanted) is not None
