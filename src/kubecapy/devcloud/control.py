"""Serve the control endpoint: the ledger, fault rules, and happenings in the world.

Plain HTTP on loopback; every call but GET /health carries `Authorization: Bearer <token of control.json>`. Bodies and
answers are JSON objects; an error is `{"error": "one sentence"}`.

    GET    /health                                {"calls": 12}
    GET    /ledger?after=SEQ&limit=N&service=&method=&effect=&user=    {"entries": [...]}, oldest first
    GET    /ledger/summary                        {"calls", "writes", "counts": [...]}
    GET    /faults                                {"faults": [{"id", "rule", "seen", "struck"}]}
    POST   /faults                                a `faults.Rule`; answers the rule with its id
    POST   /faults/{id}/release                   lets the calls go on that a `hold` keeps
    DELETE /faults, DELETE /faults/{id}           takes rules out of force; releases what they hold
    GET    /world                                 how many servers, ports ... there are
    POST   /world/boots                           a `world.boots.BootOrder` for the next servers
    DELETE /world/boots                           drops the orders
    POST   /world/servers/{id}/error              {"message", "code": 500}
    POST   /world/servers/{id}/remove             {}
    POST   /world/volumes/{id}/error              {}
    POST   /world/tokens/expire                   {"user": null}
    POST   /world/accounts                        {"user", "enabled", "password"}: some of the last two
    POST   /world/quotas                          {"service", "resource", "limit", "project_id"}
    POST   /world/timing, /world/capacity         some fields of `settings.Timing`, `settings.Capacity`
    POST   /world/routers/{id}/detach, .../attach {"subnet_id"}
    POST   /world/floatingips                     {"address", "project_id"}
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import msgspec
from aiohttp import web

from kubecapy.clock import Clock
from kubecapy.devcloud.exchange import Exchange
from kubecapy.devcloud.faults import Rule
from kubecapy.devcloud.happenings import AccountChange, Cable, ChosenAddress, Expiry, Failure, Happenings, QuotaChange
from kubecapy.devcloud.ledger import Entry
from kubecapy.devcloud.refusals import Refusal
from kubecapy.devcloud.world.boots import BootOrder
from kubecapy.telemetry.secrets import Secret

T = TypeVar("T")
Endpoint: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

DEFAULT_LIMIT = 1000
LEDGER_FILTERS = ("service", "method", "effect", "user", "template")


class Control:
    """The endpoints, as an aiohttp application."""

    def __init__(self, exchange: Exchange, clock: Clock, token: Secret[str]) -> None:
        """Steer `exchange` and its cloud for whoever knows `token`."""
        self._exchange = exchange
        self._clock = clock
        self._token = token
        self._happenings = Happenings(exchange.cloud.world)

    def application(self) -> web.Application:
        """Return a new application with every endpoint."""
        application = web.Application(middlewares=[self._guard])
        application.add_routes(
            [
                web.get("/health", self._health),
                web.get("/ledger", self._list_ledger),
                web.get("/ledger/summary", self._summarize_ledger),
                web.get("/faults", self._list_faults),
                web.post("/faults", self._add_fault),
                web.delete("/faults", self._clear_faults),
                web.delete("/faults/{id:\\d+}", self._remove_fault),
                web.post("/faults/{id:\\d+}/release", self._release_fault),
                web.get("/world", self._count_world),
                web.post("/world/boots", self._order_boot),
                web.delete("/world/boots", self._clear_boots),
                web.post("/world/servers/{id}/error", self._fail_server),
                web.post("/world/servers/{id}/remove", self._lose_server),
                web.post("/world/volumes/{id}/error", self._fail_volume),
                web.post("/world/tokens/expire", self._expire_tokens),
                web.post("/world/accounts", self._change_account),
                web.post("/world/quotas", self._set_quota),
                web.post("/world/timing", self._set_timing),
                web.post("/world/capacity", self._set_capacity),
                web.post("/world/routers/{id}/detach", self._detach_router),
                web.post("/world/routers/{id}/attach", self._attach_router),
                web.post("/world/floatingips", self._allocate_address),
            ]
        )
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: Endpoint) -> web.StreamResponse:
        """Ask for the token, let due transitions happen, and turn refusals into one sentence."""
        expected = f"Bearer {self._token.reveal()}"
        given = request.headers.get("Authorization", "")
        if request.path != "/health" and not hmac.compare_digest(given.encode(), expected.encode()):
            return _json({"error": "give the token of control.json as Authorization: Bearer <token>"}, 401)
        cloud = self._exchange.cloud
        cloud.advance(self._clock.now())
        try:
            answer = await handler(request)
        except Refusal as refusal:
            return _json({"error": refusal.message}, refusal.status)
        except (ValueError, msgspec.MsgspecError) as error:
            return _json({"error": str(error)}, 400)
        if request.method == "POST":
            cloud.world.history.note(self._clock.now())
        return answer

    async def _health(self, _request: web.Request) -> web.Response:
        return _json({"calls": self._exchange.cloud.ledger.statistics().calls})

    async def _list_ledger(self, request: web.Request) -> web.Response:
        after, limit = _number(request, "after", 0), _number(request, "limit", DEFAULT_LIMIT)
        wanted = {name: request.query[name] for name in LEDGER_FILTERS if name in request.query}
        entries: list[Entry] = []
        for entry in self._exchange.cloud.ledger.entries(after=after):
            if len(entries) == limit:
                break
            if all(getattr(entry, name) == value for name, value in wanted.items()):
                entries.append(entry)
        return _json({"entries": entries})

    async def _summarize_ledger(self, _request: web.Request) -> web.Response:
        return _json(self._exchange.cloud.ledger.statistics())

    async def _list_faults(self, _request: web.Request) -> web.Response:
        return _json({"faults": self._exchange.faults.rules()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        return _json(self._exchange.faults.add(await _read(request, Rule)), 201)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._exchange.faults.clear()
        self._exchange.release_all()
        return web.Response(status=204)

    async def _remove_fault(self, request: web.Request) -> web.Response:
        rule_id = int(request.match_info["id"])
        if not self._exchange.faults.remove(rule_id):
            return _json({"error": f"there is no fault rule {rule_id}"}, 404)
        self._exchange.release(rule_id)
        return web.Response(status=204)

    async def _release_fault(self, request: web.Request) -> web.Response:
        self._exchange.release(int(request.match_info["id"]))
        return web.Response(status=204)

    async def _count_world(self, _request: web.Request) -> web.Response:
        return _json(self._happenings.count())

    async def _order_boot(self, request: web.Request) -> web.Response:
        self._exchange.cloud.world.boot_orders.give(await _read(request, BootOrder))
        return web.Response(status=204)

    async def _clear_boots(self, _request: web.Request) -> web.Response:
        self._exchange.cloud.world.boot_orders.clear()
        return web.Response(status=204)

    async def _fail_server(self, request: web.Request) -> web.Response:
        failure = await _read(request, Failure)
        return _json(self._happenings.fail_server(request.match_info["id"], failure, self._clock.now()))

    async def _lose_server(self, request: web.Request) -> web.Response:
        return _json(self._happenings.lose_server(request.match_info["id"], self._clock.now()))

    async def _fail_volume(self, request: web.Request) -> web.Response:
        return _json(self._happenings.fail_volume(request.match_info["id"], self._clock.now()))

    async def _expire_tokens(self, request: web.Request) -> web.Response:
        return _json(self._happenings.expire_tokens(await _read(request, Expiry)))

    async def _change_account(self, request: web.Request) -> web.Response:
        return _json(self._happenings.change_account(await _read(request, AccountChange)))

    async def _set_quota(self, request: web.Request) -> web.Response:
        return _json(self._happenings.set_quota(await _read(request, QuotaChange)))

    async def _set_timing(self, request: web.Request) -> web.Response:
        return _json(self._happenings.set_timing(await _read(request, dict[str, float])))

    async def _set_capacity(self, request: web.Request) -> web.Response:
        return _json(self._happenings.set_capacity(await _read(request, dict[str, int])))

    async def _detach_router(self, request: web.Request) -> web.Response:
        cable = await _read(request, Cable)
        return _json(self._happenings.detach_router(request.match_info["id"], cable, self._clock.now()))

    async def _attach_router(self, request: web.Request) -> web.Response:
        cable = await _read(request, Cable)
        return _json(self._happenings.attach_router(request.match_info["id"], cable, self._clock.now()))

    async def _allocate_address(self, request: web.Request) -> web.Response:
        return _json(self._happenings.allocate_address(await _read(request, ChosenAddress), self._clock.now()))


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise ValueError(f"{name} is {text!r}, expected a whole number")
    return int(text)


async def _read(request: web.Request, kind: type[T]) -> T:
    return msgspec.json.decode(await request.read() or b"{}", type=kind)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")
