"""Read a JSON value as Go would into one of its types, and return what Go would write again.

What Go does not know is dropped and told; nulls and empty values go where `omitempty` says so; structs and fields
without `omitempty` are always written; empty lists and maps become nil, as a round through protobuf makes them.
Sources: sigs.k8s.io/json (decoding, strict errors), Go's encoding/json (encoding).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.go_types.quantities import QuantityError, canonical_quantity
from kubecapy.apimachinery.go_types.scalars import ScalarError, canonical_base64, canonical_time
from kubecapy.apimachinery.go_types.table import GoField, element_of, flat_fields, form_of, go_name, underlying

Read = Callable[[Any, list[str]], Any]
"""Returns a JSON value as Go would write it again, and appends the paths of unknown fields to the list."""
LeavesOut = Callable[[Any], bool]
"""Returns whether a value is not written."""

_INTEGERS: Final = {"int": 63, "int32": 31, "int64": 63}
_SCHEMA: Final = "apiextensions/v1.JSONSchemaProps"


class Reading(msgspec.Struct, frozen=True):
    """What became of a JSON value."""

    value: Any
    unknown: tuple[str, ...]
    """Paths of fields that the type does not have, such as `spec.containers[0].imgae`."""


class WrongType(ValueError):
    """A value does not fit its field; `str()` is Go's sentence."""

    def __init__(self, found: str, type_: str, sentence: str = "") -> None:
        """Say that the JSON `found` cannot become a `type_`; a `sentence` stands for itself, without the place."""
        super().__init__()
        self.fields: list[str] = []
        """From the root to the field; filled on the way out."""
        self.struct = ""
        """The innermost struct on that way."""
        self._found = found
        self._type = type_
        self._sentence = sentence

    def __str__(self) -> str:
        """Return the sentence."""
        if self._sentence:
            return self._sentence
        place = f"struct field {self.struct}.{'.'.join(self.fields)}" if self.fields else "value"
        return f"json: cannot unmarshal {self._found} into Go {place} of type {go_name(self._type)}"


def read_as(value: Any, type_: str) -> Reading:  # Any: a JSON value
    """Return `value` as the Go type would be written again; `value` stays untouched.

    Raises:
        WrongType: it does not fit.
    """
    unknown: list[str] = []
    return Reading(_reader(type_)(value, unknown), tuple(unknown))


@cache
def _reader(type_: str) -> Read:
    """Return the function that reads values of a type; one for each, made when it is first needed."""
    match form_of(type_):
        case "scalar":
            return _scalar_reader(type_)
        case "bytes":
            return _read_bytes
        case "pointer":
            return _pointer_reader(type_)
        case "list":
            return _list_reader(type_)
        case "map":
            return _map_reader(type_)
        case "struct":
            return _struct_reader(underlying(type_))
        case "special":
            return _SPECIAL[underlying(type_)]


def _scalar_reader(type_: str) -> Read:
    plain = underlying(type_)
    if plain == "string":
        return _simple_reader(type_, str, zero="")
    if plain == "bool":
        return _simple_reader(type_, bool, zero=False)
    return _float_reader(type_) if plain == "float64" else _integer_reader(type_, _INTEGERS[plain])


def _simple_reader(type_: str, python: type, *, zero: Any) -> Read:
    def read(value: Any, _unknown: list[str]) -> Any:
        if isinstance(value, python):
            return value
        if value is None:
            return zero
        raise WrongType(_word(value), type_)

    return read


def _integer_reader(type_: str, bits: int) -> Read:
    least, greatest = -(1 << bits), (1 << bits) - 1

    def read(value: Any, _unknown: list[str]) -> Any:
        if type(value) is int and least <= value <= greatest:
            return value
        if value is None:
            return 0
        raise WrongType(_number_word(value), type_)

    return read


def _float_reader(type_: str) -> Read:
    def read(value: Any, _unknown: list[str]) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if value is None:
            return 0
        raise WrongType(_word(value), type_)

    return read


def _read_bytes(value: Any, _unknown: list[str]) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise WrongType(_word(value), "[]byte")
    try:
        return canonical_base64(value)
    except ScalarError as error:
        raise WrongType("", "", str(error)) from error


def _pointer_reader(type_: str) -> Read:
    element = _reader(element_of(type_))

    def read(value: Any, unknown: list[str]) -> Any:
        return None if value is None else element(value, unknown)

    return read


def _list_reader(type_: str) -> Read:
    element = _reader(element_of(type_))

    def read(value: Any, unknown: list[str]) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise WrongType(_word(value), type_)
        items = []
        for index, item in enumerate(value):
            before = len(unknown)
            items.append(element(item, unknown))
            if len(unknown) > before:
                _put_before(unknown, before, f"[{index}]")
        return items or None

    return read


def _map_reader(type_: str) -> Read:
    element = _reader(element_of(type_))
    # Protobuf, in which objects are stored, has no absent value of a key.
    none = "" if form_of(element_of(type_)) == "bytes" else None

    def read(value: Any, unknown: list[str]) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise WrongType(_word(value), type_)
        found = {}
        for key, item in value.items():
            before = len(unknown)
            found[key] = none if item is None and none is not None else element(item, unknown)
            if len(unknown) > before:
                _put_before(unknown, before, key)
        return found or None

    return read


def _struct_reader(name: str) -> Read:
    short = go_name(name).rpartition(".")[2]

    @cache
    def parts() -> tuple[dict[str, tuple[Read, LeavesOut | None]], dict[str, Read]]:
        # Only when something is read: a type may hold itself.
        fields = flat_fields(name)
        readers = {json_name: (_reader(field.type), _leaves_out(field)) for json_name, field in fields.items()}
        return readers, {json_name: read for json_name, (read, leaves_out) in readers.items() if leaves_out is None}

    def read(value: Any, unknown: list[str]) -> Any:
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise WrongType(_word(value), name)
        readers, always = parts()
        found: dict[str, Any] = {}
        for key, item in value.items():
            if key not in readers:
                unknown.append(key)
                continue
            element, leaves_out = readers[key]
            before = len(unknown)
            try:
                made = element(item, unknown)
            except WrongType as error:
                error.fields.insert(0, key)
                error.struct = error.struct or short
                raise
            if len(unknown) > before:
                _put_before(unknown, before, key)
            if leaves_out is None or not leaves_out(made):
                found[key] = made
        for key, element in always.items():
            if key not in found:
                found[key] = element(None, unknown)
        return found

    return read


def _leaves_out(field: GoField) -> LeavesOut | None:
    """Return which values of a field are not written; None where all are."""
    form = form_of(field.type)
    if form == "pointer":
        return _is_nil if field.omits_empty else None
    if form in ("struct", "special"):
        return _is_zero if field.omits_zero else None
    return _is_zero if field.omits_empty else None


def _is_nil(value: Any) -> bool:
    return value is None


def _is_zero(value: Any) -> bool:
    return not value


def _put_before(unknown: list[str], start: int, step: str) -> None:
    for index in range(start, len(unknown)):
        rest = unknown[index]
        unknown[index] = step + rest if rest.startswith("[") else f"{step}.{rest}"


def _read_time(value: Any, _unknown: list[str]) -> Any:
    return _read_text_time(value, is_micro=False)


def _read_micro_time(value: Any, _unknown: list[str]) -> Any:
    return _read_text_time(value, is_micro=True)


def _read_text_time(value: Any, *, is_micro: bool) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise WrongType(_word(value), "string")
    try:
        return canonical_time(value, is_micro=is_micro)
    except ScalarError as error:
        raise WrongType("", "", str(error)) from error


def _read_quantity(value: Any, _unknown: list[str]) -> Any:
    if value is None:
        return "0"
    try:
        # What is neither text nor number is JSON here, which no quantity looks like.
        return canonical_quantity(value.strip() if isinstance(value, str) else msgspec.json.encode(value).decode())
    except QuantityError as error:
        raise WrongType("", "", str(error)) from error


def _read_integer_or_text(value: Any, unknown: list[str]) -> Any:
    return value if isinstance(value, str) else _reader("int32")(value, unknown)


def _read_any(value: Any, _unknown: list[str]) -> Any:
    return value


def _read_schema_or_other(value: Any, _unknown: list[str]) -> Any:
    """Read a schema, or what may stand in its place; what a schema here has too much is dropped without a word."""
    if isinstance(value, dict):
        return _reader(_SCHEMA)(value, [])
    if isinstance(value, list):
        return [_read_schema_or_other(item, []) for item in value]
    return value


_SPECIAL: Final[dict[str, Read]] = {
    "meta/v1.Time": _read_time,
    "meta/v1.MicroTime": _read_micro_time,
    "meta/v1.FieldsV1": _read_any,
    "resource.Quantity": _read_quantity,
    "intstr.IntOrString": _read_integer_or_text,
    "runtime.RawExtension": _read_any,
    "apiextensions/v1.JSON": _read_any,
    "apiextensions/v1.JSONSchemaPropsOrArray": _read_schema_or_other,
    "apiextensions/v1.JSONSchemaPropsOrBool": _read_schema_or_other,
    "apiextensions/v1.JSONSchemaPropsOrStringArray": _read_schema_or_other,
}


def _word(value: Any) -> str:
    """Return what Go calls a JSON value."""
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
        case _:
            return "object"


def _number_word(value: Any) -> str:
    word = _word(value)
    return f"number {msgspec.json.encode(value).decode()}" if word == "number" else word
