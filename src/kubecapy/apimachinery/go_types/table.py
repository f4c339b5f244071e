"""Hold the Go types of the built-in kinds as data; `tools/generate_go_types.py` writes `types.json`.

A type is written as in Go, each name with its package: `[]core/v1.Container`, `map[string]string`, `*int32`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from kubecapy.apimachinery.resources import GroupVersionKind

SCALARS = frozenset({"string", "bool", "int", "int32", "int64", "float64"})
BYTES = "[]byte"
_PACKAGES = {
    "": "core",
    "apiextensions.k8s.io": "apiextensions",
    "apps": "apps",
    "authentication.k8s.io": "authentication",
    "authorization.k8s.io": "authorization",
    "autoscaling": "autoscaling",
    "certificates.k8s.io": "certificates",
    "coordination.k8s.io": "coordination",
    "rbac.authorization.k8s.io": "rbac",
}
"""API group to the Go package of its types."""

Form = Literal["scalar", "bytes", "pointer", "list", "map", "struct", "special"]


class GoField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a struct."""

    name: str
    """As JSON calls it; empty for a struct whose fields stand in place of this one (`json:",inline"`)."""
    type: str
    is_inline: bool
    omits_empty: bool
    """`omitempty`: zero scalars, nil pointers and empty lists and maps are left out, structs are not."""
    omits_zero: bool
    """`omitzero`: a zero struct is left out too."""
    number: int
    """In protobuf; 0 where it is not sent that way."""
    strategies: frozenset[str]
    """How strategic merge treats it: `merge`, `replace`, `retainKeys`; empty for replace."""
    merge_key: str


class _File(msgspec.Struct, frozen=True):
    source: str
    types: Mapping[str, str | list[list[str | int]]]


def type_of_kind(gvk: GroupVersionKind) -> str:
    """Return the name of the struct that objects of a built-in kind are; empty for any other kind."""
    if gvk.kind == "DeleteOptions":
        return "meta/v1.DeleteOptions"  # Every group has a kind of that name, and all of them are this one.
    package = _PACKAGES.get(gvk.group)
    name = f"{package}/{gvk.version}.{gvk.kind}" if package else ""
    return name if form_of(name) == "struct" else ""


def own_fields(name: str) -> Sequence[GoField]:
    """Return the fields of a struct as Go has them, inlined structs as one field each."""
    return _fields(name)


def flat_fields(name: str) -> Mapping[str, GoField]:
    """Return the fields of a struct by their JSON names, with those of inlined structs among them."""
    return _flat(name)


def underlying(type_: str) -> str:
    """Return what a named type stands for, such as `string` for `core/v1.PodPhase`; others as they are."""
    found = _types().get(type_)
    return underlying(found) if isinstance(found, str) else type_


def form_of(type_: str) -> Form:
    """Return what kind of type this is; `special` is one that reads and writes its JSON by code of its own."""
    plain = underlying(type_)
    if plain in SCALARS:
        return "scalar"
    if plain == BYTES:
        return "bytes"
    if plain.startswith("*"):
        return "pointer"
    if plain.startswith("[]"):
        return "list"
    if plain.startswith("map["):
        return "map"
    return "struct" if plain in _types() else "special"


def element_of(type_: str) -> str:
    """Return what a pointer points to, or what a list or map holds."""
    plain = underlying(type_)
    if plain.startswith("*"):
        return plain[1:]
    return plain.partition("]")[2]


def go_name(type_: str) -> str:
    """Return the type as Go's error messages write it: `v1.PodSpec`, `map[string]string`, `[]uint8`."""
    return re.sub(r"\w+/", "", type_.replace("[]byte", "[]uint8"))


@cache
def _types() -> Mapping[str, str | list[list[str | int]]]:
    data = files("kubecapy.apimachinery.go_types").joinpath("types.json").read_bytes()
    return msgspec.json.decode(data, type=_File).types


@cache
def _fields(name: str) -> Sequence[GoField]:
    found = _types()[name]
    return () if isinstance(found, str) else tuple(_field(*entry) for entry in found)


def _field(*entry: str | int) -> GoField:
    name, type_, marks, number, strategies, merge_key = (*entry, "", "")[:6]
    return GoField(
        name=str(name),
        type=str(type_),
        is_inline="i" in str(marks),
        omits_empty="e" in str(marks),
        omits_zero="z" in str(marks),
        number=int(number),
        strategies=frozenset(filter(None, str(strategies).split(","))),
        merge_key=str(merge_key),
    )


@cache
def _flat(name: str) -> Mapping[str, GoField]:
    found: dict[str, GoField] = {}
    for field in _fields(name):
        if field.is_inline:
            found.update(_flat(field.type))
        else:
            found[field.name] = field
    return found
