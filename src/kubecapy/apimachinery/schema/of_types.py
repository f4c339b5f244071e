"""Write the structural schema of a Struct: API types are the one description of a kind.

Names, types and what is required come from the fields; descriptions from the docstrings below them, where the source
is at hand (Python keeps those nowhere else).
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import inspect as types

from kubecapy.apimachinery.meta import JsonObject

_MEMBERS: Final[Mapping[str, str]] = {"[]": "items", "{}": "additionalProperties"}
"""Step of a path to the keyword that holds the schema of what it leads to."""


def structural_schema(struct: type[msgspec.Struct]) -> JsonObject:
    """Return the OpenAPI v3 schema of `struct`, structural and without references.

    A mapping to anything keeps unknown fields. Optional means absent, never null. Defaults of the Struct are not
    defaults of the schema: they say how absence is read, and nothing has to be stored for that.

    Raises:
        TypeError: a field has a type that no structural schema can say.
    """
    return _describe(types.type_info(struct))


def refine(schema: JsonObject, refinements: Mapping[str, JsonObject]) -> JsonObject:
    """Return `schema` with keywords added at paths such as `spec.taints[].effect`.

    `[]` steps into the items of a list, `{}` into the values of a map.

    Raises:
        KeyError: a path leads nowhere.
    """
    refined = dict(schema)
    for path, keywords in refinements.items():
        refined = _refine_at(refined, [*_steps(path)], keywords)
    return refined


def _describe(info: types.Type) -> JsonObject:
    match info:
        case types.StructType():
            return _describe_struct(info)
        case types.UnionType(types=members):
            return _describe_optional(members)
        case types.VarTupleType(item_type=item) | types.ListType(item_type=item):
            return {"type": "array", "items": _describe(item)}
        case types.DictType(value_type=types.AnyType()):
            return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        case types.DictType(value_type=value):
            return {"type": "object", "additionalProperties": _describe(value)}
        case types.LiteralType(values=values):
            return {"type": "string", "enum": list(values)}
        case types.StrType():
            return {"type": "string"}
        case types.BoolType():
            return {"type": "boolean"}
        case types.IntType():
            return {"type": "integer", "format": "int64"}
        case _:
            raise TypeError(f"{info!r} has no structural schema")


def _describe_optional(members: tuple[types.Type, ...]) -> JsonObject:
    present = [member for member in members if not isinstance(member, types.NoneType)]
    if {type(member) for member in present} == {types.IntType, types.StrType}:
        return {"x-kubernetes-int-or-string": True}
    if len(present) != 1:
        raise TypeError(f"a union of {len(present)} types has no structural schema")
    return _describe(present[0])


def _describe_struct(info: types.StructType) -> JsonObject:
    docstrings = _field_docstrings(info.cls)
    properties = {field.encode_name: _describe_field(field, docstrings) for field in info.fields}
    schema: JsonObject = {"type": "object"}
    if info.cls.__doc__:
        schema["description"] = inspect.cleandoc(info.cls.__doc__)
    required = [field.encode_name for field in info.fields if field.required]
    if required:
        schema["required"] = required
    return {**schema, "properties": properties}


def _describe_field(field: types.Field, docstrings: Mapping[str, str]) -> JsonObject:
    schema = _describe(field.type)
    if field.name in docstrings:
        return {**schema, "description": docstrings[field.name]}
    return schema


def _field_docstrings(struct: type) -> dict[str, str]:
    """Return the docstrings below the fields of `struct` and its bases, by attribute name."""
    found: dict[str, str] = {}
    for cls in reversed(struct.__mro__):
        found.update(_module_docstrings(cls.__module__).get(cls.__qualname__, {}))
    return found


@lru_cache(maxsize=64)
def _module_docstrings(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return the docstrings below the fields of each top-level class of a module, read once."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except (OSError, TypeError):
        return {}
    return {node.name: dict(_read_docstrings(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _read_docstrings(definition: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, follows in zip(definition.body, definition.body[1:], strict=False):
        match field, follows:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


def _steps(path: str) -> Iterator[str]:
    for name in path.split("."):
        step = name[-2:] if name.endswith(tuple(_MEMBERS)) else ""
        yield from (name.removesuffix(step), step) if step else (name,)


def _refine_at(schema: JsonObject, steps: list[str], keywords: JsonObject) -> JsonObject:
    if not steps:
        return {**schema, **keywords}
    step, rest = steps[0], steps[1:]
    if members := _MEMBERS.get(step):
        return {**schema, members: _refine_at(schema[members], rest, keywords)}
    properties: dict[str, Any] = schema["properties"]
    return {**schema, "properties": {**properties, step: _refine_at(properties[step], rest, keywords)}}
