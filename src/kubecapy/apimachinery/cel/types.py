"""The types of expressions, and their names.

Sources: common/types/types.go and checker/format.go of cel-go; pkg/cel/types.go of k8s.io/apiserver.
"""

from enum import Enum, auto
from typing import Final

import msgspec


class Kind(Enum):
    """What sort of type a type is."""

    DYN = auto()
    """Known only when the expression is evaluated."""
    ERROR = auto()
    """Of what is wrong already, so that it is told once."""
    SCALAR = auto()
    NULL = auto()
    LIST = auto()
    MAP = auto()
    TYPE = auto()
    """Of types as values."""
    OPAQUE = auto()
    """Of values that only functions can look into; they may have parameters."""
    OBJECT = auto()
    """Of what has fields, known by its name."""
    MOMENT = auto()
    """Points in time and durations."""
    PARAMETER = auto()
    """A variable that stands for a type."""


class Type(msgspec.Struct, frozen=True):
    """A type; equal ones are the same."""

    kind: Kind
    name: str
    parameters: "tuple[Type, ...]" = ()

    def __str__(self) -> str:
        """Return the type as messages show it."""
        name = _SHOWN.get(self.name, self.name)
        return f"{name}({', '.join(map(str, self.parameters))})" if self.parameters else name


_SHOWN: Final = {
    "google.protobuf.Duration": "duration",
    "google.protobuf.Timestamp": "timestamp",
    "null_type": "null",
}
DYN: Final = Type(Kind.DYN, "dyn")
ERROR: Final = Type(Kind.ERROR, "!error!")
BOOL: Final = Type(Kind.SCALAR, "bool")
BYTES: Final = Type(Kind.SCALAR, "bytes")
DOUBLE: Final = Type(Kind.SCALAR, "double")
INT: Final = Type(Kind.SCALAR, "int")
STRING: Final = Type(Kind.SCALAR, "string")
UINT: Final = Type(Kind.SCALAR, "uint")
NULL: Final = Type(Kind.NULL, "null_type")
DURATION: Final = Type(Kind.MOMENT, "google.protobuf.Duration")
TIMESTAMP: Final = Type(Kind.MOMENT, "google.protobuf.Timestamp")
TYPE: Final = Type(Kind.TYPE, "type")
QUANTITY: Final = Type(Kind.OBJECT, "kubernetes.Quantity")
SEMVER: Final = Type(Kind.OBJECT, "kubernetes.Semver")
URL: Final = Type(Kind.OBJECT, "kubernetes.URL")
FORMAT: Final = Type(Kind.OBJECT, "kubernetes.NamedFormat")
IP: Final = Type(Kind.OPAQUE, "net.IP")
CIDR: Final = Type(Kind.OPAQUE, "net.CIDR")
_OPTIONAL: Final = "optional_type"


def list_of(item: Type) -> Type:
    """Return the type of lists of `item`."""
    return Type(Kind.LIST, "list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of maps from `key` to `value`."""
    return Type(Kind.MAP, "map", (key, value))


def optional_of(inner: Type) -> Type:
    """Return the type of what may hold an `inner`."""
    return Type(Kind.OPAQUE, _OPTIONAL, (inner,))


def type_of(inner: Type) -> Type:
    """Return the type of `inner` as a value."""
    return Type(Kind.TYPE, "type", (inner,))


def object_of(name: str) -> Type:
    """Return the type of the objects that are known by `name`."""
    return Type(Kind.OBJECT, name)


def parameter(name: str) -> Type:
    """Return the variable `name`, which stands for a type."""
    return Type(Kind.PARAMETER, name)


def is_optional(found: Type) -> bool:
    """Return whether values of a type may hold nothing."""
    return found.kind is Kind.OPAQUE and found.name == _OPTIONAL


def unwrap(found: Type) -> Type:
    """Return what an optional type holds; any other type itself."""
    return found.parameters[0] if is_optional(found) else found
