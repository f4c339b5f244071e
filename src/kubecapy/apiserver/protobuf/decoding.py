"""Turn a protobuf body into the JSON object that means the same.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding (the envelope).
"""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind, split_api_version
from kubecapy.apimachinery.times import format_micro_time, format_time
from kubecapy.apiserver.protobuf.kinds import SHAPES
from kubecapy.apiserver.protobuf.shapes import Field, Scalar, Shape, message, one
from kubecapy.apiserver.protobuf.wire import WireError, WireField, read_fields, signed

MAGIC = b"k8s\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPE = message(one(1, "apiVersion"), one(2, "kind"))
_ENVELOPE = message(one(1, "typeMeta", _TYPE), one(2, "raw", "bytes"))
_TIME = message(one(1, "seconds", "integer"), one(2, "nanos", "integer"))


class UnknownMessage(ValueError):
    """The body is of a kind whose message is not known here; the client must send JSON."""


def decode_protobuf(data: bytes) -> JsonObject:
    """Return the object of a body of type `application/vnd.kubernetes.protobuf`.

    Raises:
        WireError: `data` is no such body.
        UnknownMessage: it is of a kind that is not read in this form.
    """
    if not data.startswith(MAGIC):
        raise WireError("the body does not begin with the mark of Kubernetes' protobuf envelope")
    envelope = _object(data[len(MAGIC) :], _ENVELOPE)
    type_ = envelope.get("typeMeta", {})
    group, version = split_api_version(type_.get("apiVersion", ""))
    kind = type_.get("kind", "")
    shape = SHAPES.get(GroupVersionKind(group, version, kind))
    if shape is None:
        raise UnknownMessage(f"objects of kind {kind} are not read as protobuf by this server: send JSON")
    body = _object(base64.b64decode(envelope.get("raw", "")), shape)
    return {"apiVersion": type_["apiVersion"], "kind": kind, **body}


def _object(data: bytes, shape: Shape) -> JsonObject:
    obj: JsonObject = {}
    for entry in read_fields(data):
        field = shape.fields.get(entry.number)
        if field is not None:
            _add(obj, field, entry)
    return obj


def _add(obj: JsonObject, field: Field, entry: WireField) -> None:
    """Put one field where JSON has it; zero times and empty texts are Go's way of saying nothing."""
    if field.form == "map":
        key, value = _map_entry(entry, field)
        obj.setdefault(field.name, {})[key] = value
    elif field.form == "list":
        obj.setdefault(field.name, []).append(_value(entry.value, field.type))
    else:
        value = _value(entry.value, field.type)
        if value not in (None, ""):
            obj[field.name] = value


def _map_entry(entry: WireField, field: Field) -> tuple[str, Any]:
    pair = message(one(1, "key"), one(2, "value", field.type))
    found = _object(_bytes(entry.value), pair)
    value = found.get("value", {} if isinstance(field.type, Shape) else "")
    # ExtraValue is a list in JSON and a message around a list here.
    return found.get("key", ""), value.get("items", []) if isinstance(value, dict) else value


def _value(value: int | bytes, type_: Scalar | Shape) -> Any:
    if isinstance(type_, Shape):
        return _object(_bytes(value), type_)
    match type_:
        case "text":
            return _text(_bytes(value))
        case "bytes":
            return base64.b64encode(_bytes(value)).decode()
        case "integer":
            return signed(_integer(value))
        case "boolean":
            return bool(_integer(value))
        case "time" | "micro-time":
            return _time(_object(_bytes(value), _TIME), is_micro=type_ == "micro-time")


def _time(parts: JsonObject, *, is_micro: bool) -> str | None:
    """Return the time; None for an empty message and for Go's zero time, which lies before the epoch."""
    seconds = parts.get("seconds", 0)
    if not parts or not 0 <= seconds < 1 << 37:
        return None
    moment = _EPOCH + timedelta(seconds=seconds, microseconds=parts.get("nanos", 0) // 1000)
    return format_micro_time(moment) if is_micro else format_time(moment)


def _text(data: bytes) -> str:
    try:
        return data.decode()
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
