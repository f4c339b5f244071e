"""Write namespaces: each comes with what its pods need, and the system's own cannot be deleted."""

from collections.abc import Sequence

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read_list, read_object, read_text, section
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.storage.records import ResourceId

NAMESPACE_FINALIZER = "kubernetes"
NAME_LABEL = "kubernetes.io/metadata.name"
_PROTECTED = ("default", "kube-system", "kube-public")


def _prepare_create(namespace: JsonObject) -> None:
    namespace["spec"] = {"finalizers": [NAMESPACE_FINALIZER]}
    namespace["status"] = {"phase": "Active"}


def _keep(namespace: JsonObject, old: JsonObject) -> None:
    """Keep the finalizers of the spec: a namespace that lost them would go before its content."""
    namespace["spec"] = read_object(old, "spec")


def _default(namespace: JsonObject) -> None:
    section(namespace["metadata"], "labels")[NAME_LABEL] = namespace["metadata"].get("name", "")


def _is_undeletable(namespace: JsonObject) -> str:
    return "this namespace may not be deleted" if read_text(namespace, "metadata", "name") in _PROTECTED else ""


def _is_held(namespace: JsonObject) -> bool:
    return bool(read_list(namespace, "spec", "finalizers"))


def _prepare_delete(namespace: JsonObject) -> None:
    section(namespace, "status")["phase"] = "Terminating"


def namespaces(root_ca: str) -> Strategy:
    """Return the strategy; `root_ca` is the PEM that pods verify the server with, published where it is not empty."""

    def companions(namespace: JsonObject) -> Sequence[tuple[ResourceId, JsonObject]]:
        place = {"namespace": namespace["metadata"]["name"]}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", **place}}
        found = [(ResourceId("", "serviceaccounts"), account)]
        if root_ca:
            authority = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "kube-root-ca.crt", **place},
                "data": {"ca.crt": root_ca},
            }
            found.append((ResourceId("", "configmaps"), authority))
        return found

    return Strategy(
        name_rule="label",
        has_status=True,
        returns_deleted=True,
        is_deleted_gracefully=False,
        prepare_create=_prepare_create,
        keep=_keep,
        default=_default,
        is_undeletable=_is_undeletable,
        is_held=_is_held,
        prepare_delete=_prepare_delete,
        companions=companions,
    )
