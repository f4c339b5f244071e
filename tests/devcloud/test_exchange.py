"""Faults around the core, on a clock of the test."""

import asyncio
import signal
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import pytest
from tests.devcloud.core_client import CoreClient

from kubecapy.devcloud import seed
from kubecapy.devcloud.exchange import Exchange
from kubecapy.devcloud.faults import Answer, Delay, Drop, FaultPlan, Hold, Kill, Pattern, Rule
from kubecapy.devcloud.ledger import Entry
from kubecapy.devcloud.messages import Request, Response
from kubecapy.tasks import TaskScope

PORTS = "/networking/v2.0/ports"
WRITES = Pattern(service="network", method="POST")


@dataclass
class TestClock:
    """Time that passes at once when somebody sleeps."""

    __test__ = False

    client: CoreClient
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.client.now

    def monotonic(self) -> float:
        return self.client.now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.client.wait(seconds)
        await asyncio.sleep(0)


@dataclass
class Bench:
    """An exchange, with what it has killed."""

    client: CoreClient
    exchange: Exchange
    clock: TestClock
    killed: list[tuple[int, int]]

    def rule(self, action: Any, match: Pattern = WRITES, **counts: Any) -> int:
        return self.exchange.faults.add(Rule(action=action, match=match, **counts)).id

    async def post_port(self) -> Response | None:
        return await self.call("POST", PORTS, {"port": {"network_id": seed.NETWORK_ID, "name": "p"}})

    async def call(self, method: str, path: str, body: Any = None) -> Response | None:
        headers = {"x-auth-token": self.client.token, "user-agent": "kubecapy/0.1"}
        encoded = b"" if body is None else msgspec.json.encode(body)
        return await self.exchange.answer(Request(method, path, headers=headers, body=encoded))

    def ports(self) -> int:
        return sum(1 for port in self.client.cloud.world.ports.values() if port.name == "p")

    def last(self) -> Entry:
        return list(self.client.cloud.ledger.entries())[-1]


@pytest.fixture
def bench(client: CoreClient) -> Bench:
    killed: list[tuple[int, int]] = []
    clock = TestClock(client)
    exchange = Exchange(client.cloud, FaultPlan(), clock, lambda pid, number: killed.append((pid, number)))
    return Bench(client, exchange, clock, killed)


async def test_an_answer_takes_the_place_of_the_effect(bench: Bench) -> None:
    bench.rule(Answer(503, msgspec.Raw(b'{"why": "test"}'), {"Retry-After": "7"}))

    struck = await bench.post_port()
    next_one = await bench.post_port()

    assert struck is not None
    assert (struck.status, struck.body) == (503, b'{"why": "test"}')
    assert ("Retry-After", "7") in struck.headers
    assert next_one is not None
    assert (next_one.status, bench.ports()) == (201, 1)


async def test_a_connection_dropped_before_the_effect_changes_nothing(bench: Bench) -> None:
    bench.rule(Drop("before"))

    assert await bench.post_port() is None
    assert bench.ports() == 0
    assert (bench.last().status, bench.last().fault) == (0, "drop before")


async def test_a_connection_dropped_after_the_effect_loses_the_reply_only(bench: Bench) -> None:
    bench.rule(Drop("after"))

    assert await bench.post_port() is None
    assert bench.ports() == 1
    assert (bench.last().status, bench.last().fault) == (201, "drop after")


@pytest.mark.parametrize(("when", "ports"), [("before", 0), ("after", 1)])
async def test_a_process_is_killed_before_or_after_the_effect(bench: Bench, when: Any, ports: int) -> None:
    bench.rule(Kill(4711, when))

    assert await bench.post_port() is None
    assert bench.killed == [(4711, signal.SIGKILL)]
    assert bench.ports() == ports


async def test_a_process_that_is_gone_already_is_no_error(client: CoreClient) -> None:
    def kill(pid: int, number: int) -> None:
        raise ProcessLookupError

    exchange = Exchange(client.cloud, FaultPlan(), TestClock(client), kill)
    exchange.faults.add(Rule(action=Kill(4711)))

    assert await exchange.answer(Request("GET", PORTS)) is None


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_delayed_call_takes_its_time(bench: Bench, when: Any) -> None:
    bench.rule(Delay(3.5, when))

    response = await bench.post_port()

    assert response is not None
    assert (response.status, bench.clock.slept) == (201, [3.5])
    created = msgspec.json.decode(response.body)["port"]["created_at"]
    assert created == ("2026-11-23T08:00:03Z" if when == "before" else "2026-11-23T08:00:00Z")


@pytest.mark.parametrize(("when", "ports_meanwhile"), [("before", 0), ("after", 1)])
async def test_a_held_call_waits_for_its_release(bench: Bench, when: Any, ports_meanwhile: int) -> None:
    rule = bench.rule(Hold(when))

    async with TaskScope("test") as scope:
        held = scope.start(bench.post_port(), name="held")
        await asyncio.sleep(0)
        meanwhile = (held.done(), bench.ports())
        bench.exchange.release(rule)

    response = held.result()
    assert meanwhile == (False, ports_meanwhile)
    assert response is not None
    assert (response.status, bench.ports()) == (201, 1)


async def test_a_rule_counts_from_when_it_was_set(bench: Bench) -> None:
    await bench.post_port()
    bench.rule(Answer(500), nth=2, times=2)

    statuses = [response.status for _ in range(5) if (response := await bench.post_port()) is not None]

    assert statuses == [201, 500, 500, 201, 201]


async def test_a_rule_without_an_end_strikes_until_it_is_removed(bench: Bench) -> None:
    rule = bench.rule(Answer(500), times=None)
    first = [response.status for _ in range(3) if (response := await bench.post_port()) is not None]

    bench.exchange.faults.remove(rule)
    last = await bench.post_port()

    assert first == [500, 500, 500]
    assert last is not None
    assert last.status == 201


@pytest.mark.parametrize(
    ("match", "strikes"),
    [
        (Pattern(), True),
        (Pattern(path="/ports$"), True),
        (Pattern(path="/servers"), False),
        (Pattern(template="/v2.0/ports"), True),
        (Pattern(user="capi"), True),
        (Pattern(user="admin"), False),
        (Pattern(user_agent="^kubecapy/"), True),
        (Pattern(user_agent="python"), False),
        (Pattern(method="post"), True),
        (Pattern(method="GET"), False),
    ],
    ids=str,
)
async def test_a_rule_strikes_the_calls_that_it_is_about(bench: Bench, match: Pattern, strikes: bool) -> None:
    bench.rule(Answer(500), match)

    response = await bench.post_port()

    assert response is not None
    assert (response.status == 500) == strikes


async def test_the_first_rule_wins_and_all_that_fit_count(bench: Bench) -> None:
    bench.rule(Answer(500))
    bench.rule(Answer(501), nth=2)

    statuses = [response.status for _ in range(3) if (response := await bench.post_port()) is not None]

    assert statuses == [500, 501, 201]
    assert [(rule.seen, rule.struck) for rule in bench.exchange.faults.rules()] == [(3, 1), (3, 1)]


async def test_an_action_is_told_from_others_by_its_template(bench: Bench) -> None:
    server_id = bench.client.make_server()["id"]
    bench.rule(Answer(500), Pattern(template="/v2.1/servers/{server_id}/action[os-stop]"))
    bench.client.wait(2)

    console = await bench.call("POST", f"/compute/v2.1/servers/{server_id}/action", {"os-getConsoleOutput": {}})
    stop = await bench.call("POST", f"/compute/v2.1/servers/{server_id}/action", {"os-stop": None})

    assert console is not None
    assert stop is not None
    assert (console.status, stop.status) == (200, 500)
