"""Write roles and their bindings; source: pkg/apis/rbac/validation of Kubernetes."""

from collections.abc import Iterator

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import name_errors
from kubecapy.apiserver.registry.access import read_list, read_object, read_objects, read_text
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import invalid, not_supported, required
from kubecapy.apiserver.registry.strategies.label_selectors import validate_label_selector

_GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")


def _validate_role(role: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    return list(_rule_errors(role, is_namespaced=True))


def _validate_cluster_role(role: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    return [*_rule_errors(role, is_namespaced=False), *_aggregation_errors(role)]


def _rule_errors(role: JsonObject, *, is_namespaced: bool) -> Iterator[FieldError]:
    for index, rule in enumerate(read_objects(role, "rules")):
        path = f"rules[{index}]"
        if not read_list(rule, "verbs"):
            yield required(f"{path}.verbs", "verbs must contain at least one value")
        if urls := read_list(rule, "nonResourceURLs"):
            place = f"{path}.nonResourceURLs"
            if is_namespaced:
                yield invalid(place, urls, "namespaced rules cannot apply to non-resource URLs")
            if any(read_list(rule, name) for name in ("apiGroups", "resources", "resourceNames")):
                yield invalid(place, urls, "rules cannot apply to both regular resources and non-resource URLs")
            continue
        if not read_list(rule, "apiGroups"):
            yield required(f"{path}.apiGroups", "resource rules must supply at least one api group")
        if not read_list(rule, "resources"):
            yield required(f"{path}.resources", "resource rules must supply at least one resource")


def _aggregation_errors(role: JsonObject) -> Iterator[FieldError]:
    if "aggregationRule" not in role:
        return
    path = "aggregationRule.clusterRoleSelectors"
    selectors = read_objects(role, "aggregationRule", "clusterRoleSelectors")
    if not selectors:
        yield required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    for index, selector in enumerate(selectors):
        errors = list(validate_label_selector(selector, f"{path}[{index}]"))
        yield from errors
        if errors:
            yield invalid(f"{path}[{index}]", None, "invalid label selector.")


def _default_binding(binding: JsonObject) -> None:
    people = [item for item in read_objects(binding, "subjects") if item.get("kind") != "ServiceAccount"]
    for named in (read_object(binding, "roleRef"), *people):
        named["apiGroup"] = named.get("apiGroup") or _GROUP


def _validate_binding(binding: JsonObject, old: JsonObject | None) -> list[FieldError]:
    return [*_binding_errors(binding, ("Role", "ClusterRole"), is_namespaced=True), *_role_change(binding, old)]


def _validate_cluster_binding(binding: JsonObject, old: JsonObject | None) -> list[FieldError]:
    return [*_binding_errors(binding, ("ClusterRole",), is_namespaced=False), *_role_change(binding, old)]


def _binding_errors(binding: JsonObject, kinds: tuple[str, ...], *, is_namespaced: bool) -> Iterator[FieldError]:
    group, kind, name = (read_text(binding, "roleRef", field) for field in ("apiGroup", "kind", "name"))
    if group != _GROUP:
        yield not_supported("roleRef.apiGroup", group, (_GROUP,))
    if kind not in kinds:
        yield not_supported("roleRef.kind", kind, kinds)
    if not name:
        yield required("roleRef.name")
    yield from (invalid("roleRef.name", name, wrong) for wrong in name_errors(name, "path-segment"))
    for index, subject in enumerate(read_objects(binding, "subjects")):
        yield from _subject_errors(subject, f"subjects[{index}]", is_namespaced=is_namespaced)


def _subject_errors(subject: JsonObject, path: str, *, is_namespaced: bool) -> Iterator[FieldError]:
    kind, name, group = (read_text(subject, field) for field in ("kind", "name", "apiGroup"))
    if not name:
        yield required(f"{path}.name")
    if kind not in _SUBJECTS:
        yield not_supported(f"{path}.kind", kind, _SUBJECTS)
        return
    if kind != "ServiceAccount":
        if group != _GROUP:
            yield not_supported(f"{path}.apiGroup", group, (_GROUP,))
        return
    yield from (invalid(f"{path}.name", name, wrong) for wrong in (name_errors(name, "subdomain") if name else ()))
    if group:
        yield not_supported(f"{path}.apiGroup", group, ("",))
    if not is_namespaced and not read_text(subject, "namespace"):
        yield required(f"{path}.namespace")


def _role_change(binding: JsonObject, old: JsonObject | None) -> Iterator[FieldError]:
    role = read_object(binding, "roleRef")
    if old is not None and role != old.get("roleRef"):
        # Upstream shows its own form of the reference here, which has other names.
        shown = {"APIGroup": role.get("apiGroup"), "Kind": role.get("kind"), "Name": role.get("name")}
        yield invalid("roleRef", shown, "cannot change roleRef")


ROLES = Strategy(name_rule="path-segment", creates_on_update=True, validate=_validate_role)
CLUSTER_ROLES = Strategy(name_rule="path-segment", creates_on_update=True, validate=_validate_cluster_role)
BINDINGS = Strategy(
    name_rule="path-segment", creates_on_update=True, default=_default_binding, validate=_validate_binding
)
CLUSTER_BINDINGS = Strategy(
    name_rule="path-segment", creates_on_update=True, default=_default_binding, validate=_validate_cluster_binding
)
