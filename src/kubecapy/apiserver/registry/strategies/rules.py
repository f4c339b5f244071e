"""Write roles and their bindings; sources: pkg/apis/rbac/validation of Kubernetes."""

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read_list, read_object, read_objects, read_text
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import invalid, not_supported, required

_GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")


def _validate_role(role: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    return [
        required(f"rules[{index}].verbs", "verbs must contain at least one value")
        for index, rule in enumerate(read_objects(role, "rules"))
        if not read_list(rule, "verbs")
    ]


def _default_binding(binding: JsonObject) -> None:
    people = [item for item in read_objects(binding, "subjects") if item.get("kind") != "ServiceAccount"]
    for named in (read_object(binding, "roleRef"), *people):
        named["apiGroup"] = named.get("apiGroup") or _GROUP


def _validate_binding(binding: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors: list[FieldError] = []
    if read_text(binding, "roleRef", "kind") not in ("Role", "ClusterRole"):
        errors.append(not_supported("roleRef.kind", read_text(binding, "roleRef", "kind"), ("Role", "ClusterRole")))
    if not read_text(binding, "roleRef", "name"):
        errors.append(required("roleRef.name"))
    if old is not None and binding.get("roleRef") != old.get("roleRef"):
        errors.append(invalid("roleRef", binding.get("roleRef"), "cannot change roleRef"))
    for index, subject in enumerate(read_objects(binding, "subjects")):
        errors += _validate_subject(subject, f"subjects[{index}]")
    return errors


def _validate_subject(subject: JsonObject, path: str) -> list[FieldError]:
    kind = read_text(subject, "kind")
    errors = [] if kind in _SUBJECTS else [not_supported(f"{path}.kind", kind, _SUBJECTS)]
    if not read_text(subject, "name"):
        errors.append(required(f"{path}.name"))
    if kind == "ServiceAccount" and not read_text(subject, "namespace"):
        errors.append(required(f"{path}.namespace"))
    return errors


ROLES = Strategy(name_rule="path-segment", creates_on_update=True, validate=_validate_role)
BINDINGS = Strategy(
    name_rule="path-segment", creates_on_update=True, default=_default_binding, validate=_validate_binding
)
