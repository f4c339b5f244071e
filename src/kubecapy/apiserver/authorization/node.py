"""Judge kubelets: what a node may do, and that it does it to itself alone.

A kubelet is user `system:node:<name>` in group `system:nodes`. It may change its own Node, its own Lease and the pods
bound to it, and read Secrets and ConfigMaps that those pods use.
Source: https://kubernetes.io/docs/reference/access-authn-authz/node/ and the admission plugin NodeRestriction; pods,
Services and Nodes can be read whole here, as they could up to Kubernetes 1.31.
"""

from collections.abc import Iterator
from typing import Final

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.authorization.bootstrap_policy.node_rules import NODE_RULES
from kubecapy.apiserver.authorization.pod_references import references_of
from kubecapy.apiserver.authorization.rules import allows
from kubecapy.apiserver.interfaces import Attributes, ObjectReader, UserInfo
from kubecapy.apiserver.registry.access import read_text

NODES_GROUP: Final = "system:nodes"
_PREFIX: Final = "system:node:"
_CHANGES: Final = frozenset({"update", "patch", "delete", "deletecollection"})


def node_name_of(user: UserInfo) -> str | None:
    """Return the node that `user` is the kubelet of; None where it is nobody's."""
    if NODES_GROUP not in user.groups or not user.name.startswith(_PREFIX):
        return None
    return user.name.removeprefix(_PREFIX) or None


class NodeAuthorizer:
    """Allows what kubelets do, and refuses what they may not do to others."""

    def __init__(self, reader: ObjectReader) -> None:
        """Look pods up through `reader`."""
        self._reader = reader

    def refuses(self, node: str, attributes: Attributes) -> bool:
        """Return whether the kubelet of `node` would change what is not its own; no role can allow that.

        Creation is judged by admission, which sees the object.
        """
        if attributes.verb not in _CHANGES:
            return False
        match attributes.group, attributes.resource:
            case "", "nodes":
                return attributes.name != node
            case "", "pods":
                return not self._is_bound(node, attributes)
            case "coordination.k8s.io", "leases":
                return (attributes.name, attributes.namespace) != (node, "kube-node-lease")
            case _:
                return False

    def allows(self, node: str, attributes: Attributes) -> bool:
        """Return whether kubelets may do this, and `node` has a use for it; roles may still allow what it may not."""
        if not any(allows(rule, attributes) for rule in NODE_RULES):
            return False
        match attributes.group, attributes.resource:
            case "", "secrets" | "configmaps":
                return self._is_used(node, attributes)
            case "", "serviceaccounts":
                return self._runs_as(node, attributes)
            case _:
                return True

    def _is_bound(self, node: str, attributes: Attributes) -> bool:
        pod = self._reader.find("", "pods", attributes.namespace, attributes.name)
        # An absent pod may be told to be absent.
        return bool(attributes.name) and (pod is None or _node_of(pod) == node)

    def _is_used(self, node: str, attributes: Attributes) -> bool:
        reference = (attributes.resource, attributes.name)
        return any(reference in references_of(pod) for pod in self._pods_of(node, attributes.namespace))

    def _runs_as(self, node: str, attributes: Attributes) -> bool:
        return any(
            read_text(pod, "spec", "serviceAccountName") == attributes.name
            for pod in self._pods_of(node, attributes.namespace)
        )

    def _pods_of(self, node: str, namespace: str) -> Iterator[JsonObject]:
        if namespace:
            yield from (pod for pod in self._reader.list("", "pods", namespace) if _node_of(pod) == node)


def _node_of(pod: JsonObject) -> str:
    return read_text(pod, "spec", "nodeName")
