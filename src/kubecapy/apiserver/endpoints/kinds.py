"""Check that a body is of the kind that its address says.

Sources: k8s.io/apimachinery pkg/runtime (scheme and conversion errors); k8s.io/apiextensions-apiserver pkg/apiserver
(custom kinds know no other version than their own, and must name themselves).
"""

from kubecapy.apimachinery.errors import BadRequest, Invalid, invalid
from kubecapy.apimachinery.go_types import WrongType, read_as, type_of_kind
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind, split_api_version
from kubecapy.apiserver.endpoints.bodies import Body, unrecognized
from kubecapy.apiserver.operations.decoding import Misfit, cannot_be_handled
from kubecapy.apiserver.registry.access import read_text
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field

_SCHEME = "pkg/runtime/scheme.go:111"
"""How kube-apiserver calls its list of built-in kinds."""


def check_kind(kind: ServedKind, body: Body) -> None:
    """Check an object that was sent whole; built-in kinds may leave their names out.

    Raises:
        BadRequest: it is of another kind or version, or of a custom kind and does not say which.
        Invalid: it is of another custom kind.
    """
    if not kind.is_custom:
        check_builtin(kind.gvk, body.value)
        return
    if not body.value.get("kind"):
        missing = f"Object 'Kind' is missing in '{body.data.decode(errors='replace')}'"
        raise unrecognized(kind.kind, missing, body.data)
    stated = read_text(body.value, "apiVersion")
    if stated != kind.api_version:
        raise BadRequest(
            f"the API version in the data ({stated}) does not match the expected API version ({kind.api_version})"
        )
    if body.value["kind"] != kind.kind:
        raise _other_custom_kind(kind, body.value)


def check_builtin(gvk: GroupVersionKind, obj: JsonObject) -> None:
    """Check an object that was sent as the built-in kind `gvk`.

    Raises:
        BadRequest: it is of another kind or version.
    """
    sent = _stated(gvk, obj)
    if sent != gvk:
        raise cannot_be_handled(sent, gvk.kind, _why(sent, gvk))


def check_form(gvk: GroupVersionKind, obj: JsonObject) -> None:
    """Check that the fields of an object have the types that those of the built-in kind `gvk` have.

    Raises:
        BadRequest: one has another.
    """
    try:
        read_as(obj, type_of_kind(gvk))
    except WrongType as error:
        raise cannot_be_handled(gvk, gvk.kind, str(error)) from error


def check_patched_kind(kind: ServedKind, obj: JsonObject, shown: str) -> None:
    """Check what a patch made of an object, which a refusal may show: no patch changes its kind.

    Raises:
        Misfit: it does, or leaves a custom object without its kind.
        Invalid: it does, of a custom object.
    """
    if not kind.is_custom:
        sent = _stated(kind.gvk, obj)
        if sent != kind.gvk:
            raise Misfit(_why(sent, kind.gvk))
        return
    if not obj.get("kind"):
        raise Misfit(f"Object 'Kind' is missing in '{shown}'")
    stated = read_text(obj, "apiVersion")
    if stated != kind.api_version:
        group, _ = split_api_version(stated)
        wrong = invalid_field("apiVersion", stated, f"must be {kind.api_version}")
        raise invalid(str(obj["kind"]), group, read_text(obj, "metadata", "name"), [wrong])
    if obj["kind"] != kind.kind:
        raise _other_custom_kind(kind, obj)


def not_registered(sent: GroupVersionKind) -> str:
    """Return what is told of a kind that nobody knows."""
    return f'no kind "{sent.kind}" is registered for version "{sent.api_version}" in scheme "{_SCHEME}"'


def _why(sent: GroupVersionKind, expected: GroupVersionKind) -> str:
    """Return why an object that says that it is `sent` is not `expected`."""
    if not type_of_kind(sent):
        return not_registered(sent)
    package = type_of_kind(expected).partition("/")[0]
    return f"converting ({sent.version}.{sent.kind}) to ({package}.{expected.kind}): unknown conversion"


def _stated(gvk: GroupVersionKind, obj: JsonObject) -> GroupVersionKind:
    group, version = split_api_version(str(obj.get("apiVersion") or gvk.api_version))
    return GroupVersionKind(group, version, str(obj.get("kind") or gvk.kind))


def _other_custom_kind(kind: ServedKind, obj: JsonObject) -> Invalid:
    wrong = invalid_field("kind", obj["kind"], f"must be {kind.kind}")
    return invalid(str(obj["kind"]), kind.group, read_text(obj, "metadata", "name"), [wrong])
