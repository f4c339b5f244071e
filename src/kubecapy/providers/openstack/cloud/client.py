"""Make calls whose refusals are the contract's errors and whose lists are whole."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clock import Clock
from kubecapy.contract.errors import NotFound, ProviderError
from kubecapy.providers.openstack.cloud.transport import Call, Query, Reply, Transport
from kubecapy.providers.openstack.errors import Refusal, provider_error, unavailable
from kubecapy.telemetry.logs import V, get_logger
from kubecapy.telemetry.secrets import Secret

PAGES_MAX: Final = 1000
"""A list longer than this is a service that links in circles."""

_LOG = get_logger(__name__)


class CloudClient:
    """Speaks to the services of one project.

    Every method takes a `Call` without a body and raises the contract's errors; none repeats a call.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        """Send through `transport`; `clock` reads dates in Retry-After."""
        self._transport = transport
        self._clock = clock

    async def project_id(self) -> str:
        """Return the id of the project; logs in where needed."""
        return await self._transport.project_id()

    async def read(self, call: Call, key: str) -> JsonObject:
        """Return the object under `key` of the answer.

        Raises:
            NotFound: there is none.
        """
        return _object(await self._send(call), key, call)

    async def find(self, call: Call, key: str) -> JsonObject | None:
        """Return the object under `key` of the answer; None where there is none."""
        try:
            return await self.read(call, key)
        except NotFound:
            return None

    async def list(self, call: Call, key: str) -> list[JsonObject]:
        """Return every object of a list, page after page."""
        found: list[JsonObject] = []
        for _ in range(PAGES_MAX):
            body = _json(await self._send(call), call)
            found.extend(_objects(body, key, call))
            query = _next_query(body, key)
            if query is None:
                return found
            call = msgspec.structs.replace(call, query=query)
        raise unavailable(call.doing, f"the list has more than {PAGES_MAX} pages")

    async def write(self, call: Call, body: Mapping[str, Any]) -> JsonObject:
        """Send `body` and return the answer's JSON object; empty where the answer has no body."""
        encoded = Secret(msgspec.json.encode(body))
        reply = await self._send(msgspec.structs.replace(call, body=encoded))
        return _json(reply, call) if reply.body else {}

    async def delete(self, call: Call) -> None:
        """Delete what the path names; absent is success."""
        try:
            await self._send(call)
        except NotFound:
            return

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    async def _send(self, call: Call) -> Reply:
        _LOG.log(V(6), "calling %s %s %s", call.service, call.method, call.path)
        reply = await self._transport.request(call)
        if reply.status < 300:
            return reply
        raise self._error(call, reply)

    def _error(self, call: Call, reply: Reply) -> ProviderError:
        refusal = Refusal(call.doing, call.service, reply.status, reply.headers, reply.body)
        return provider_error(refusal, self._clock.now())


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


def _next_query(body: JsonObject, key: str) -> Query | None:
    """Return the query of the next page: `<key>_links` in compute and network, `next` in image; None at the end."""
    links = body.get(f"{key}_links") or ()
    link = next((item.get("href") for item in links if item.get("rel") == "next"), body.get("next"))
    return tuple(parse_qsl(urlsplit(link).query)) if isinstance(link, str) else None
