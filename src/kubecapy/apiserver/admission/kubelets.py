"""Let kubelets create what is their own alone: their Node, their Lease, the mirrors of their static pods.

Changes of what exists are judged by authorization, which knows the name; creation is judged here, where the object is
seen. Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction.
"""

from kubecapy.api.core import MIRROR_ANNOTATION
from kubecapy.apimachinery.errors import not_found
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.authorization.node import node_name_of
from kubecapy.apiserver.authorization.pod_references import references_of, uses_service_account
from kubecapy.apiserver.authorization.wording import refused
from kubecapy.apiserver.interfaces import Attributes, ObjectReader, UserInfo
from kubecapy.apiserver.registry.access import read_object, read_objects, read_text


class KubeletAdmission:
    """Admits the Nodes, Leases and pods that kubelets create; everybody else is none of its business."""

    def __init__(self, reader: ObjectReader) -> None:
        """Look Nodes up through `reader`."""
        self._reader = reader

    def admit_create(self, user: UserInfo, attributes: Attributes, obj: JsonObject) -> JsonObject:
        """Return `obj`.

        Raises:
            Forbidden: a kubelet creates what belongs to another node.
            NotFound: it creates a pod before its Node.
        """
        node = node_name_of(user)
        if node is None:
            return obj
        if attributes.resource == "pods":
            reason = _pod_problem(node, obj) or self._owner_problem(node, obj) or _reference_problem(node, obj)
        else:
            reason = _name_problem(node, attributes, obj)
        if reason:
            raise refused(attributes, reason)
        return obj

    def admit_update(self, user: UserInfo, attributes: Attributes, old: JsonObject, obj: JsonObject) -> JsonObject:  # noqa: ARG002 -- the protocol's
        """Return `obj`: authorization judged the name."""
        return obj

    def _owner_problem(self, node: str, obj: JsonObject) -> str | None:
        owners = read_objects(obj, "metadata", "ownerReferences")
        if len(owners) > 1:
            return f'node "{node}" can only create pods with a single owner reference set to itself'
        owner = owners[0] if owners else {}
        if (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) != ("v1", "Node", node):
            return f'node "{node}" can only create pods with an owner reference set to itself'
        if not owner.get("controller"):
            return f'node "{node}" can only create pods with a controller owner reference set to itself'
        if owner.get("blockOwnerDeletion"):
            return f'node "{node}" must not set blockOwnerDeletion on an owner reference'
        found = self._reader.find("", "nodes", "", node)
        if found is None:
            raise not_found("nodes", node)
        uid = read_text(found, "metadata", "uid")
        if owner.get("uid") != uid:
            return f"node {node} UID mismatch: expected {owner.get('uid')} got {uid}"
        return None


def _name_problem(node: str, attributes: Attributes, obj: JsonObject) -> str | None:
    name = read_text(obj, "metadata", "name")
    if name == node:
        return None
    kind = "lease" if attributes.resource == "leases" else "node"
    return f'node "{node}" is not allowed to create {kind} "{name}"'


def _pod_problem(node: str, obj: JsonObject) -> str | None:
    if MIRROR_ANNOTATION not in read_object(obj, "metadata", "annotations"):
        return f'pod does not have "{MIRROR_ANNOTATION}" annotation, node "{node}" can only create mirror pods'
    if read_text(obj, "spec", "nodeName") != node:
        return f'node "{node}" can only create pods with spec.nodeName set to itself'
    return None


def _reference_problem(node: str, obj: JsonObject) -> str | None:
    # What its pods use a kubelet may read: a mirror pod of its making must not choose that.
    if uses_service_account(obj):
        return f'node "{node}" can not create pods that reference a service account'
    if used := sorted({plural for plural, _ in references_of(obj)}):
        return f'node "{node}" can not create pods that reference {" or ".join(used)}'
    return None
