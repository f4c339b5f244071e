"""Describe protobuf messages as data: what each field number means in JSON."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Scalar = Literal["text", "bytes", "integer", "boolean", "time", "micro-time"]


class Shape(msgspec.Struct, frozen=True):
    """A message: its fields by number."""

    fields: Mapping[int, "Field"]


class Field(msgspec.Struct, frozen=True):
    """One field: its JSON name and what it holds."""

    name: str
    type: "Scalar | Shape" = "text"
    form: Literal["one", "list", "map"] = "one"
    """A map has texts as keys and values of `type`."""


def one(number: int, name: str, type_: "Scalar | Shape" = "text") -> tuple[int, Field]:
    """Return the entry of a field that stands once."""
    return number, Field(name, type_)


def many(number: int, name: str, type_: "Scalar | Shape" = "text") -> tuple[int, Field]:
    """Return the entry of a repeated field."""
    return number, Field(name, type_, "list")


def by_key(number: int, name: str, type_: "Scalar | Shape" = "text") -> tuple[int, Field]:
    """Return the entry of a field that maps texts."""
    return number, Field(name, type_, "map")


def message(*fields: tuple[int, Field]) -> Shape:
    """Return the message of `fields`."""
    return Shape(dict(fields))
