"""Read what the Structs of the API say of their fields: JSON name, type and the text below each field."""

import ast
import importlib
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import msgspec

Struct = type[msgspec.Struct]


@dataclass(frozen=True)
class Field:
    """One field as a person writes it."""

    name: str
    type: str
    """For people: `string`, `list of NetworkSelector`, `"Create" or "Update"`."""
    required: bool
    meaning: str
    """The text below the field in the code; empty where there is none."""


def first_line(struct: type) -> str:
    """Return the first line of the Struct's docstring."""
    return (inspect.getdoc(struct) or "").split("\n\n")[0].replace("\n", " ")


def fields_of(struct: Struct) -> Iterator[Field]:
    """Yield the fields in the order of writing, those of base classes first."""
    hints = typing.get_type_hints(struct)
    texts = _texts_of(struct)
    for field in msgspec.structs.fields(struct):
        yield Field(field.encode_name, type_name(hints[field.name]), field.required, texts.get(field.name, ""))


def is_struct(hint: Any) -> bool:
    """Return whether a type is that of an object with named fields."""
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def structs_below(struct: Struct, *, leaves: Set[Struct]) -> Iterator[Struct]:
    """Yield every Struct that a field of `struct` holds, each once, depth first; `leaves` and itself are left out."""
    seen: set[type] = {struct, *leaves}
    for hint in typing.get_type_hints(struct).values():
        yield from _structs_in(hint, seen)


def type_name(hint: Any) -> str:
    """Return a type as a person reads it; None is left out, for an absent field says it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_name(part) for part in arguments if part is not type(None))
    if origin is tuple:
        return f"list of {type_name(arguments[0])}"
    if origin is not None and issubclass(origin, Mapping):
        return "object" if arguments[1] is Any else f"map of {type_name(arguments[1])}"
    plain: Mapping[Any, str] = {str: "string", int: "integer", bool: "boolean", float: "number", Any: "any"}
    return plain.get(hint) or str(hint.__name__)


def sample_value(hint: Any) -> Any:
    """Return a JSON value of the type that asks for something: no field of it is empty."""
    if is_struct(hint):
        return {field.encode_name: sample_value(field.type) for field in msgspec.structs.fields(hint)}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return sample_value(next(part for part in arguments if part is not type(None)))
    if origin is tuple:
        return [sample_value(arguments[0])]
    if origin is not None and issubclass(origin, Mapping):
        return {"a": sample_value(arguments[1])}
    return {bool: True, int: 1}.get(hint, "a")


def _structs_in(hint: Any, seen: set[type]) -> Iterator[Struct]:
    for part in (hint, *typing.get_args(hint)):
        if is_struct(part) and part not in seen:
            seen.add(part)
            yield part
            for inner in typing.get_type_hints(part).values():
                yield from _structs_in(inner, seen)
        elif part is not hint:
            yield from _structs_in(part, seen)


def _texts_of(struct: type) -> Mapping[str, str]:
    """Return the text below each field, a nearer class before its bases."""
    texts: dict[str, str] = {}
    for ancestor in reversed(struct.__mro__):
        if issubclass(ancestor, msgspec.Struct) and ancestor is not msgspec.Struct:
            texts |= _own_texts(ancestor)
    return texts


def texts_of_module(module: types.ModuleType) -> Mapping[str, str]:
    """Return the text below each constant of `module`."""
    return _texts_below(ast.parse(inspect.getsource(module)).body)


def _own_texts(struct: type) -> Mapping[str, str]:
    tree = ast.parse(inspect.getsource(importlib.import_module(struct.__module__)))
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == struct.__name__)
    return _texts_below(next(classes).body)


def _texts_below(body: Sequence[ast.stmt]) -> Mapping[str, str]:
    texts = {}
    for assignment, below in pairwise(body):
        if isinstance(assignment, ast.AnnAssign) and isinstance(assignment.target, ast.Name):
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                texts[assignment.target.id] = re.sub(r"\s+", " ", text.value).strip()
    return texts
