"""Know the wire form of the built-in kinds: what Go's decoder makes of a body, and its encoder of an object."""

from kubecapy.apimachinery.go_types.reading import Reading, WrongType, read_as
from kubecapy.apimachinery.go_types.table import (
    GoField,
    element_of,
    flat_fields,
    form_of,
    own_fields,
    type_of_kind,
    underlying,
)

__all__ = [
    "GoField",
    "Reading",
    "WrongType",
    "element_of",
    "flat_fields",
    "form_of",
    "own_fields",
    "read_as",
    "type_of_kind",
    "underlying",
]
