"""Turn JSON bytes into typed values and back.

The only module that calls msgspec's decoder, so that its messages are worded in one place.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from kubecapy.apimachinery.meta import JsonObject

T = TypeVar("T")

_ROOT = "$"


class DecodeError(ValueError):
    """A text or object is not what its type asks for; the author of the input must change it.

    `str()` is one sentence: the path of the wrong field, where one is known, and what was expected.
    """

    def __init__(self, path: str, message: str) -> None:
        """Keep the path from the root, such as `spec.versions.kubelet` (empty for the root), and the sentence."""
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


def decode(data: bytes | str | msgspec.Raw, type_: type[T]) -> T:
    """Return the JSON text `data` as a value of `type_`; keys that `type_` does not know are dropped.

    Raises:
        DecodeError: `data` is not JSON, or a field has another type.
    """
    try:
        value: T = _decoder(type_).decode(data)  # type: ignore[arg-type]  # mypy does not know that types are hashable
    except msgspec.ValidationError as error:
        raise _wrong_field(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError("", f"expected JSON: {error}") from error
    except RecursionError as error:
        raise DecodeError("", "expected JSON of moderate depth: the text is nested too deeply") from error
    return value


@cache
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:  # Any: whatever type the caller wants
    """Return the decoder of `type_`, made once: looking at a type costs as much as decoding a small object."""
    return msgspec.json.Decoder(type_)


def encode(value: Any) -> bytes:  # Any: whatever JSON can say, Structs included
    """Return `value` as compact JSON."""
    return msgspec.json.encode(value)


def convert(obj: Mapping[str, Any], type_: type[T]) -> T:
    """Return the decoded JSON object `obj` as a value of `type_`; for `dict` that is `obj` itself.

    Raises:
        DecodeError: a field is missing or has another type.
    """
    if type_ is dict:
        return cast("T", obj)
    try:
        return msgspec.convert(obj, type_)
    except msgspec.ValidationError as error:
        raise _wrong_field(error) from error


def to_json_object(value: Any) -> JsonObject:  # Any: a Struct of any kind, or a mapping
    """Return `value` as a new JSON object, such as a Struct in the form that it has on the wire.

    Raises:
        TypeError: `value` is no object but a list or a scalar.
    """
    # By way of bytes: `msgspec.to_builtins` leaves tuples, which no longer equal the lists of a decoded object.
    result = msgspec.json.decode(msgspec.json.encode(value))
    if not isinstance(result, dict):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return result


def _wrong_field(error: msgspec.ValidationError) -> DecodeError:
    """Return msgspec's `Expected `int`, got `str` - at `$.spec.replicas`` in our words."""
    message, _, place = str(error).partition(" - at `")
    path = place.removesuffix("`").removeprefix(_ROOT).removeprefix(".")
    sentence = message.replace("`", '"')
    return DecodeError(path, sentence[:1].lower() + sentence[1:])
