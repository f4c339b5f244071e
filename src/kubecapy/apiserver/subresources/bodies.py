"""Read the bodies of reviews and requests as values."""

from typing import TypeVar

from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apimachinery.json_codec import DecodeError, convert
from kubecapy.apimachinery.meta import JsonObject

T = TypeVar("T")


def read_spec(body: JsonObject | None, kind: str, type_: type[T]) -> T:
    """Return `spec` of `body` as a `type_`; an absent spec is an empty one.

    Raises:
        BadRequest: there is no body, or a field has the wrong type; the message names the field.
    """
    if body is None:
        raise BadRequest(f"a {kind} is expected in the body")
    spec = body.get("spec") or {}
    try:
        return convert(spec, type_)
    except DecodeError as error:
        place = f"spec.{error.path}" if error.path else "spec"
        raise BadRequest(f"{kind} cannot be handled: {place}: {error.message}") from error


def read_metadata(body: JsonObject | None) -> JsonObject:
    """Return `metadata` of `body`; an absent one is empty.

    Raises:
        BadRequest: it is no object.
    """
    metadata = (body or {}).get("metadata") or {}
    if not isinstance(metadata, dict):
        raise BadRequest("metadata: expected an object")
    return metadata


def answer(body: JsonObject | None, api_version: str, kind: str, status: JsonObject) -> JsonObject:
    """Return the body with `status`, as reviews are answered."""
    return {"metadata": {}, **(body or {}), "apiVersion": api_version, "kind": kind, "status": status}
