"""Make calls whose refusals are the contract's errors and whose lists are whole."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clock import Clock
from kubecapy.contract.errors import NotFound, ProviderError, Throttled, Unavailable
from kubecapy.providers.openstack.cloud.patience import Patience
from kubecapy.providers.openstack.cloud.transport import Call, Query, Reply, Transport
from kubecapy.providers.openstack.errors import Refusal, provider_error, request_id_of, unavailable
from kubecapy.telemetry.logs import V, get_logger
from kubecapy.telemetry.secrets import Secret

T = TypeVar("T")

PAGES_MAX: Final = 1000
"""A list longer than this is a service that links in circles."""

_LOG = get_logger(__name__)


class _Link(msgspec.Struct, frozen=True):
    rel: str
    href: str


class _Paging(msgspec.Struct, frozen=True):
    links: tuple[_Link, ...]
    next: str | None


class CloudClient:
    """Speaks to the services of one project.

    Answers become the Struct that the caller names; keys it does not know are dropped. Every method raises the
    contract's errors, and none repeats a call. An answer of another form than expected is an `Unavailable` cloud. Once
    a service asks for patience, no call to it is sent before the time is up, whoever wants it.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        """Send through `transport`; `clock` reads dates in Retry-After."""
        self._transport = transport
        self._clock = clock
        self._patience = Patience(clock)

    async def project_id(self) -> str:
        """Return the id of the project; logs in where needed."""
        return await self._transport.project_id()

    async def read(self, call: Call, key: str, type_: type[T]) -> T:
        """Return the object under `key` of the answer, or the answer itself where `key` is empty.

        Raises:
            NotFound: there is none.
        """
        return _typed(_object(await self._send(call), key, call), type_, call)

    async def find(self, call: Call, key: str, type_: type[T]) -> T | None:
        """Return the object under `key` of the answer; None where there is none."""
        try:
            return await self.read(call, key, type_)
        except NotFound:
            return None

    async def list(self, call: Call, key: str, type_: type[T]) -> list[T]:
        """Return every object of a list, page after page; a list that is not there is an `Unavailable` cloud."""
        found: list[T] = []
        for _ in range(PAGES_MAX):
            body = await self._read_page(call)
            found.extend(_typed(item, type_, call) for item in _objects(body, key, call))
            query = _next_query(body, key, call)
            if query is None:
                return found
            call = msgspec.structs.replace(call, query=query)
        raise unavailable(call.doing, f"the list has more than {PAGES_MAX} pages")

    async def write(self, call: Call, body: Mapping[str, Any], key: str, type_: type[T]) -> T:
        """Send `body` and return the object under `key` of the answer."""
        return _typed(_object(await self._send(_with_body(call, body)), key, call), type_, call)

    async def send(self, call: Call, body: Mapping[str, Any]) -> None:
        """Send `body`; what the answer holds does not matter."""
        await self._send(_with_body(call, body))

    async def delete(self, call: Call) -> None:
        """Delete what the path names; absent is success."""
        try:
            await self._send(call)
        except NotFound:
            return

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    async def _read_page(self, call: Call) -> JsonObject:
        try:
            return _json(await self._send(call), call)
        except NotFound as error:
            raise Unavailable(str(error)) from error

    async def _send(self, call: Call) -> Reply:
        self._patience.check(call)
        _LOG.log(V(6), "calling %s %s %s", call.service, call.method, call.path)
        reply = await self._transport.request(call)
        if 200 <= reply.status < 300:
            _log_write(call, reply)
            return reply
        error = self._error(call, reply)
        if isinstance(error, Throttled):
            self._patience.note(call.service, error)
        raise error

    def _error(self, call: Call, reply: Reply) -> ProviderError:
        refusal = Refusal(call.doing, call.service, reply.status, reply.headers, reply.body)
        return provider_error(refusal, self._clock.now())


def _log_write(call: Call, reply: Reply) -> None:
    """Log what was changed under which request id, by which the cloud's own logs are searched; never a body."""
    if call.method != "GET":
        _LOG.log(V(2), "done: %s (%s %d, %s)", call.doing, call.service, reply.status, request_id_of(reply.headers))


def _with_body(call: Call, body: Mapping[str, Any]) -> Call:
    return msgspec.structs.replace(call, body=Secret(msgspec.json.encode(body)))


def _typed(value: JsonObject, type_: type[T], call: Call) -> T:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise unavailable(call.doing, f"{call.service} answered in another form than expected: {error}") from error


def _json(reply: Reply, call: Call) -> JsonObject:
    try:
        value = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unavailable(call.doing, f"{call.service} answered {reply.status} without JSON") from error
    if not isinstance(value, dict):
        raise unavailable(call.doing, f"{call.service} answered {reply.status} with something else than an object")
    return value


def _object(reply: Reply, key: str, call: Call) -> JsonObject:
    body = _json(reply, call)
    value = body.get(key) if key else body
    if not isinstance(value, dict):
        raise unavailable(call.doing, f"{call.service} answered {reply.status} without {key!r}")
    return value


def _objects(body: JsonObject, key: str, call: Call) -> list[JsonObject]:
    value = body.get(key)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise unavailable(call.doing, f"{call.service} answered without a list of {key}")
    return value


def _next_query(body: JsonObject, key: str, call: Call) -> Query | None:
    """Return the query of the next page: `<key>_links` in compute and network, `next` in image; None at the end."""
    paging = {"links": body.get(f"{key}_links") or [], "next": body.get("next")}
    found = _typed(paging, _Paging, call)
    link = next((item.href for item in found.links if item.rel == "next"), found.next)
    return tuple(parse_qsl(urlsplit(link).query)) if link else None
