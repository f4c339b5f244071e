"""Write namespaces: each comes with what its pods need, and the system's own cannot be deleted.

Sources: pkg/registry/core/namespace and pkg/apis/core/validation (ValidateNamespace) of Kubernetes, v1.36.
"""

from collections.abc import Sequence

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import qualified_name_errors
from kubecapy.apiserver.registry.access import fill, read_list, read_object, read_text, section
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import invalid
from kubecapy.apiserver.registry.strategies.finalizers import NAMESPACE_FINALIZER, validate_finalizer_domain
from kubecapy.apiserver.storage.records import ResourceId

NAME_LABEL = "kubernetes.io/metadata.name"
_PROTECTED = ("default", "kube-system", "kube-public")


def _prepare_create(namespace: JsonObject) -> None:
    finalizers = read_list(namespace, "spec", "finalizers")
    if NAMESPACE_FINALIZER not in finalizers:
        finalizers = [*finalizers, NAMESPACE_FINALIZER]
    section(namespace, "spec")["finalizers"] = finalizers
    namespace["status"] = {"phase": "Active"}


def _keep(namespace: JsonObject, old: JsonObject) -> None:
    """Keep the finalizers of the spec: a namespace that lost them would go before its content."""
    namespace["spec"] = read_object(old, "spec")


def _default(namespace: JsonObject) -> None:
    section(namespace["metadata"], "labels")[NAME_LABEL] = namespace["metadata"].get("name", "")
    fill(section(namespace, "status"), phase="Active")


def _validate(namespace: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, name in enumerate(read_list(namespace, "spec", "finalizers")):
        # Only who finalizes a namespace can change them, and is told which one is wrong.
        path = "spec.finalizers" if old is None else f"spec.finalizers[{index}]"
        errors += [invalid(path, name, wrong) for wrong in qualified_name_errors(name)]
        errors += validate_finalizer_domain(name, path)
    return errors


def _validate_status(namespace: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    phase, is_ending = read_text(namespace, "status", "phase"), "deletionTimestamp" in namespace["metadata"]
    if phase == ("Terminating" if is_ending else "Active"):
        return []
    only, empty = ("Terminating", "not empty") if is_ending else ("Active", "empty")
    return [invalid("status.Phase", phase, f"may only be '{only}' if `deletionTimestamp` is {empty}")]


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
        validate=_validate,
        validate_status=_validate_status,
        is_undeletable=_is_undeletable,
        is_held=_is_held,
        prepare_delete=_prepare_delete,
        companions=companions,
    )
