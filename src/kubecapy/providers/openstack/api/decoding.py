"""Turn a person's mapping into a typed value and say everything that is wrong with it.

Keys are matched without regard to letter case, as Go's JSON decoder did for the original; unknown keys are refused
with the nearest known name, which the original dropped in silence. A null counts as absent, as in Go.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import inspect

from kubecapy.apimachinery.fields import FieldError, unknown_field

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_PLACEHOLDER: Final = re.compile(r"<[^<>]*>")
_LEAVES: Final[Mapping[type, tuple[type, str]]] = {
    inspect.StrType: (str, "a string"),
    inspect.IntType: (int, "a whole number"),
    inspect.BoolType: (bool, "true or false"),
}


class Decoded(msgspec.Struct, Generic[T], frozen=True):
    """The outcome: a value, or why there is none."""

    value: T | None
    """None where there are errors."""
    errors: tuple[FieldError, ...] = ()


class _Field(msgspec.Struct, frozen=True):
    attribute: str
    type: inspect.Type


def decode_fields(value: Any, type_: type[S], path: str) -> Decoded[S]:  # Any: whatever a person wrote
    """Return `value` as the Struct `type_`, or every error in it, with paths below `path`."""
    walk = _Walk()
    decoded = walk.struct(value, type_, path)
    if walk.errors:
        return Decoded(None, tuple(walk.errors))
    return Decoded(decoded)


class _Walk:
    """Descends a value beside its type, collecting errors."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def struct(self, value: Any, type_: type[S], path: str) -> S | None:  # Any: see decode_fields
        if not isinstance(value, Mapping):
            self._refuse(value, path, "a mapping")
            return None
        fields = _fields_of(type_)
        folded = {name.casefold(): name for name in fields}
        arguments: dict[str, Any] = {}
        for key, item in value.items():
            name = folded.get(str(key).casefold())
            if name is None:
                self.errors.append(unknown_field(path, str(key), fields))
            elif fields[name].attribute in arguments:
                self.errors.append(_duplicate(f"{path}.{key}", name))
            elif item is not None:
                arguments[fields[name].attribute] = self._value(item, fields[name].type, f"{path}.{name}")
        return None if self.errors else type_(**arguments)

    def _value(self, value: Any, type_: inspect.Type, path: str) -> Any:  # Any: see decode_fields
        if isinstance(type_, inspect.UnionType):
            return self._value(value, _option_for(value, type_), path)
        if isinstance(type_, inspect.StructType):
            return self.struct(value, type_.cls, path)
        if isinstance(type_, inspect.VarTupleType):
            return self._items(value, type_.item_type, path)
        if isinstance(type_, inspect.DictType):
            return self._mapping(value, type_.value_type, path)
        return self._leaf(value, type_, path)

    def _items(self, value: Any, item_type: inspect.Type, path: str) -> Any:  # Any: see decode_fields
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            self._refuse(value, path, "a list")
            return None
        return tuple(self._value(item, item_type, f"{path}[{index}]") for index, item in enumerate(value))

    def _mapping(self, value: Any, value_type: inspect.Type, path: str) -> Any:  # Any: see decode_fields
        if not isinstance(value, Mapping):
            self._refuse(value, path, "a mapping")
            return None
        if isinstance(value_type, inspect.AnyType):
            return dict(value)
        return {str(key): self._value(item, value_type, f"{path}.{key}") for key, item in value.items()}

    def _leaf(self, value: Any, type_: inspect.Type, path: str) -> Any:  # Any: see decode_fields
        expected, words = _LEAVES[type(type_)]
        if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            self._refuse(value, path, words)
            return None
        if isinstance(value, str) and _PLACEHOLDER.fullmatch(value):
            detail = f"still holds the placeholder {value}, put in the value of your cloud"
            self.errors.append(FieldError(path, "FieldValueInvalid", detail))
        return value

    def _refuse(self, value: Any, path: str, expected: str) -> None:  # Any: see decode_fields
        self.errors.append(FieldError(path, "FieldValueTypeInvalid", f"expected {expected}, got {_kind_of(value)}"))


@functools.cache
def _fields_of(type_: type[msgspec.Struct]) -> Mapping[str, _Field]:
    """Return the fields by their keys; types do not change, and reading them costs more than decoding a spec."""
    return {
        field.encode_name: _Field(field.name, inspect.type_info(field.type)) for field in msgspec.structs.fields(type_)
    }


def _option_for(value: Any, union: inspect.UnionType) -> inspect.Type:  # Any: see decode_fields
    """Return the type of a union that `value` is meant to be; the last one where it fits none."""
    options = [option for option in union.types if not isinstance(option, inspect.NoneType)]
    leaves = [option for option in options if type(option) in _LEAVES and type(value) is _LEAVES[type(option)][0]]
    return leaves[0] if leaves else options[-1]


def _kind_of(value: Any) -> str:  # Any: see decode_fields
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _duplicate(path: str, name: str) -> FieldError:
    return FieldError(path, "FieldValueDuplicate", f'"{name}" is given twice; letter case does not tell keys apart')
