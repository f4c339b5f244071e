"""Turn a protobuf body into the JSON object that means the same.

Sources: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding (the envelope); the
generated.proto files of k8s.io/api and k8s.io/apimachinery (types with messages of their own).
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from kubecapy.apimachinery.go_types import GoField, element_of, form_of, own_fields, type_of_kind, underlying
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.times import format_micro_time, format_time
from kubecapy.apiserver.protobuf.wire import WireError, WireField, read_fields, signed

MAGIC = b"k8s\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_READ = "apiextensions"
"""Package whose kinds nobody sends in this form, and whose schemas have messages unlike their JSON."""


class Message(msgspec.Struct, frozen=True):
    """The envelope of a body: what it says that it is, and the message inside."""

    api_version: str
    kind: str
    data: bytes


def read_envelope(data: bytes) -> Message:
    """Return what a body of type `application/vnd.kubernetes.protobuf` holds.

    Raises:
        WireError: `data` is no such body.
    """
    if not data:
        raise WireError("empty data")
    if not data.startswith(MAGIC):
        raise WireError(
            f"provided data does not appear to be a protobuf message, expected prefix [{' '.join(map(str, MAGIC))}]"
        )
    if data == MAGIC:
        raise WireError("empty body")
    envelope = _last_values(data[len(MAGIC) :], "Unknown")
    named = _last_values(_bytes(envelope.get(1, b"")), "TypeMeta")
    return Message(_text(named.get(1, b"")), _text(named.get(2, b"")), _bytes(envelope.get(2, b"")))


def read_message(data: bytes, gvk: GroupVersionKind) -> JsonObject | None:
    """Return the object that the message of a `gvk` means; None for kinds that are not read in this form.

    Raises:
        WireError: `data` is no such message.
    """
    type_ = type_of_kind(gvk)
    if not type_ or type_.startswith(_NOT_READ):
        return None
    return {"apiVersion": gvk.api_version, "kind": gvk.kind, **_object(data, type_)}


def _object(data: bytes, type_: str) -> JsonObject:
    """Return the struct that the message `data` is."""
    obj: JsonObject = {}
    fields = _by_number(underlying(type_))
    for entry in read_fields(data, _short(type_)):
        field = fields.get(entry.number)
        if field is not None:
            _add(obj, field, entry)
    return obj


def _short(type_: str) -> str:
    return type_.rpartition(".")[2]


@cache
def _by_number(type_: str) -> Mapping[int, GoField]:
    return {field.number: field for field in own_fields(type_) if field.number}


def _add(obj: JsonObject, field: GoField, entry: WireField) -> None:
    """Put one field where JSON has it; zero times and empty texts are Go's way of saying nothing."""
    if field.is_inline:
        obj.update(_object(_bytes(entry.value), field.type))
        return
    form = form_of(field.type)
    if form == "map":
        key, value = _map_entry(entry, element_of(field.type))
        obj.setdefault(field.name, {})[key] = value
    elif form == "list":
        obj.setdefault(field.name, []).append(_value(entry.value, element_of(field.type)))
    else:
        value = _value(entry.value, field.type)
        if value not in (None, ""):
            obj[field.name] = value


def _map_entry(entry: WireField, type_: str) -> tuple[str, Any]:
    pair = _last_values(_bytes(entry.value), "MapEntry")
    return _text(pair.get(1, b"")), _value(pair[2], type_) if 2 in pair else ""


def _value(value: int | bytes, type_: str) -> Any:
    match form_of(type_):
        case "pointer":
            return _value(value, element_of(type_))
        case "scalar":
            return _scalar(value, underlying(type_))
        case "bytes":
            return base64.b64encode(_bytes(value)).decode()
        case "list":
            # A named list such as ExtraValue is a message around its items.
            items = (entry for entry in read_fields(_bytes(value), _short(type_)) if entry.number == 1)
            return [_value(item.value, element_of(type_)) for item in items]
        case "struct":
            return _object(_bytes(value), type_)
        case _:
            return _SPECIAL[underlying(type_)](_bytes(value))


def _scalar(value: int | bytes, type_: str) -> Any:
    if type_ == "string":
        return _text(value)
    number = _integer(value)
    return bool(number) if type_ == "bool" else signed(number)


def _time(data: bytes) -> str | None:
    moment = _moment(data)
    return None if moment is None else format_time(moment)


def _micro_time(data: bytes) -> str | None:
    moment = _moment(data)
    return None if moment is None else format_micro_time(moment)


def _moment(data: bytes) -> datetime | None:
    """Return the time; None for an empty message and for Go's zero time, which lies before the epoch."""
    parts = _last_values(data, "Time")
    seconds = signed(_integer(parts.get(1, 0)))
    if not parts or not 0 <= seconds < 1 << 37:
        return None
    return _EPOCH + timedelta(seconds=seconds, microseconds=_integer(parts.get(2, 0)) // 1000)


def _quantity(data: bytes) -> str:
    return _text(_last_values(data, "Quantity").get(1, b"0"))


def _integer_or_text(data: bytes) -> int | str:
    parts = _last_values(data, "IntOrString")
    return _text(parts.get(3, b"")) if parts.get(1) else signed(_integer(parts.get(2, 0)))


def _raw_json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(_bytes(_last_values(data, "RawExtension").get(1, b"null")))
    except msgspec.DecodeError as error:
        raise WireError("JSON inside of the message cannot be read") from error


_SPECIAL: Mapping[str, Callable[[bytes], Any]] = {
    "meta/v1.Time": _time,
    "meta/v1.MicroTime": _micro_time,
    "meta/v1.FieldsV1": _raw_json,
    "resource.Quantity": _quantity,
    "intstr.IntOrString": _integer_or_text,
    "runtime.RawExtension": _raw_json,
}


def _last_values(data: bytes, message: str) -> dict[int, int | bytes]:
    """Return the fields of a message none of whose fields repeats; of repeated ones the last counts."""
    return {entry.number: entry.value for entry in read_fields(data, message)}


def _text(value: int | bytes) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError as error:
        raise WireError("a text is not UTF-8") from error


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise WireError("a number stands where a text or a message is expected")
    return value


def _integer(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise WireError("a text or a message stands where a number is expected")
    return value
