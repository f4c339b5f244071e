"""Work out the environment of a pod's processes."""

import re
from collections.abc import Iterator, Mapping

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.pods.downward import variable_field
from kubecapy.local.pods.failures import PlanError
from kubecapy.local.pods.scope import PodScope
from kubecapy.local.pods.sources import SourceKind, name_in

LOOPBACK = "127.0.0.0/8"

_REFERENCE = re.compile(r"\$(?:\$\(|\((?P<name>[A-Za-z_][\w.-]*)\))")


def standing_variables(scope: PodScope) -> Mapping[str, str]:
    """Return what every process has: where the API is, a home, and no way through a proxy to loopback addresses."""
    place = scope.place
    no_proxy = f"localhost,127.0.0.1,{LOOPBACK}"
    variables = {
        "HOME": str(place.folder / "home"),
        "HOSTNAME": scope.pod["metadata"].get("name", ""),
        "KUBERNETES_SERVICE_HOST": place.api_host,
        "KUBERNETES_SERVICE_PORT": str(place.api_port),
        "KUBERNETES_SERVICE_PORT_HTTPS": str(place.api_port),
        "LANG": "C.UTF-8",
        "NO_PROXY": no_proxy,
        "PATH": place.path,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(place.folder / "tmp"),
        "no_proxy": no_proxy,
    }
    if scope.sources.service_account is not None:
        variables["SERVICE_ACCOUNT_DIR"] = str(place.service_account_folder)
    return variables


def own_variables(container: JsonObject, scope: PodScope) -> Mapping[str, str]:
    """Return the variables that the container lists; a later one of the same name wins.

    Raises:
        PlanError: one refers to something that is not there.
    """
    known: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        known.update(_all_keys(source, scope))
    for variable in container.get("env") or ():
        value = _value(variable, scope, known)
        if value is not None:
            known[variable["name"]] = value
    return known


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Return `text` with `$(NAME)` replaced by the variable; an unknown one stays, `$$(NAME)` gives `$(NAME)`."""

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return "$("
        return variables.get(name, found.group())

    return _REFERENCE.sub(value, text)


def _all_keys(source: JsonObject, scope: PodScope) -> Iterator[tuple[str, str]]:
    if "secretRef" in source:
        data = scope.sources.find("secret", source["secretRef"])
    else:
        data = scope.sources.find("configmap", source.get("configMapRef") or {})
    prefix = source.get("prefix", "")
    for key, value in sorted((data or {}).items()):
        yield prefix + key, _text(value)


def _value(variable: JsonObject, scope: PodScope, known: Mapping[str, str]) -> str | None:
    """Return the value of one variable; None where an optional source is absent."""
    origin: JsonObject = variable.get("valueFrom") or {}
    if "fieldRef" in origin:
        return variable_field(scope, origin["fieldRef"]["fieldPath"])
    if "secretKeyRef" in origin:
        return _one_key("secret", origin["secretKeyRef"], scope)
    if "configMapKeyRef" in origin:
        return _one_key("configmap", origin["configMapKeyRef"], scope)
    if "resourceFieldRef" in origin:
        return "0"
    return expand(str(variable.get("value", "")), known)


def _one_key(kind: SourceKind, reference: JsonObject, scope: PodScope) -> str | None:
    data = scope.sources.find(kind, reference)
    if data is not None and reference["key"] in data:
        return _text(data[reference["key"]])
    if reference.get("optional"):
        return None
    message = f"couldn't find key {reference['key']} in {kind} {name_in(reference)}"
    raise PlanError("CreateContainerConfigError", message)


def _text(value: bytes) -> str:
    # An environment holds any bytes; Python gives them back unchanged when the process starts.
    return value.decode(errors="surrogateescape")
