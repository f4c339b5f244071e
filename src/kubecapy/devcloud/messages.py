"""Carry HTTP requests and answers as frozen values, without sockets."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from kubecapy.devcloud.refusals import bad_request

JsonObject: TypeAlias = dict[str, Any]  # Any: a foreign body, checked field by field where it is read
Headers: TypeAlias = tuple[tuple[str, str], ...]


class Query(msgspec.Struct, frozen=True):
    """The query of a request: pairs in their order; a name may come more than once."""

    pairs: tuple[tuple[str, str], ...] = ()

    def find(self, name: str) -> str | None:
        """Return the last value given for `name`, `None` where it is absent."""
        values = self.list(name)
        return values[-1] if values else None

    def list(self, name: str) -> tuple[str, ...]:
        """Return every value given for `name`, in their order."""
        return tuple(value for key, value in self.pairs if key == name)

    def names(self) -> tuple[str, ...]:
        """Return the names in use, each once, in their order."""
        return tuple(dict.fromkeys(key for key, _ in self.pairs))


class Request(msgspec.Struct, frozen=True):
    """One HTTP request: `path` is decoded and starts with `/`; names in `headers` are lower case."""

    method: str
    path: str
    query: Query = Query()
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct, frozen=True):
    """One HTTP answer, complete with its body."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> "Response":
        """Return this answer with `headers` added at the end."""
        return Response(self.status, (*self.headers, *headers), self.body)


def json_response(status: int, value: object, headers: Headers = ()) -> Response:
    """Return an answer whose body is `value` as JSON."""
    return Response(status, (("Content-Type", "application/json"), *headers), msgspec.json.encode(value))


def decode_object(body: bytes) -> JsonObject:
    """Return the JSON object in `body`; an empty body is an empty object.

    Raises:
        Refusal: 400, the body is not JSON or not an object.
    """
    if not body:
        return {}
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise bad_request("Malformed request body") from error
    if not isinstance(value, dict):
        raise bad_request("Malformed request body")
    return value
