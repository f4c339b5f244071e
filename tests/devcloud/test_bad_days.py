"""What a cloud does on its bad days: spoilt answers, lists that lag, boots that fail, revoked users."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import pytest
from tests.devcloud.core_client import IMAGE_ID, CoreClient
from tests.devcloud.test_exchange import PORTS, Bench, TestClock, bench

from kubecapy.devcloud import seed
from kubecapy.devcloud.exchange import Exchange
from kubecapy.devcloud.faults import Answer, FaultPlan, Garble, Lag, Pattern, Rule
from kubecapy.devcloud.happenings import AccountChange, Happenings
from kubecapy.devcloud.messages import Response
from kubecapy.devcloud.world.boots import BootOrder

__all__ = ["bench"]
SERVERS = "/compute/v2.1/servers/detail"


def headers_of(response: Response | None) -> dict[str, str]:
    assert response is not None
    return dict(response.headers)


async def test_an_answer_after_the_effect_hides_what_was_done(bench: Bench) -> None:
    bench.rule(Answer(500, when="after"))

    struck = await bench.post_port()

    assert struck is not None
    assert (struck.status, bench.ports()) == (500, 1)
    assert (bench.last().status, bench.last().fault) == (201, "answer 500 after")


async def test_a_proxys_page_can_take_the_place_of_an_answer(bench: Bench) -> None:
    bench.rule(Answer(200, text="<html>maintenance</html>"))

    struck = await bench.post_port()

    assert struck is not None
    assert (struck.body, headers_of(struck)["Content-Type"]) == (
        b"<html>maintenance</html>",
        "text/html; charset=UTF-8",
    )


async def test_a_wait_is_told_in_seconds_or_as_a_date(bench: Bench) -> None:
    bench.rule(Answer(429, retry_after=7))
    bench.rule(Answer(413, retry_after=90, retry_after_form="date"), nth=2)
    bench.rule(Answer(429), nth=3)

    seconds, date, none = [headers_of(await bench.post_port()) for _ in range(3)]

    assert seconds["Retry-After"] == "7"
    assert (parsedate_to_datetime(date["Retry-After"]) - bench.client.now).total_seconds() == 90
    assert "Retry-After" not in none


@pytest.mark.parametrize(
    ("how", "content_type", "is_json"),
    [
        ("truncate", "application/json", False),
        ("empty", "application/json", False),
        ("html", "text/html", False),
        ("content_type", "text/plain", True),
    ],
)
async def test_an_answer_is_spoilt_and_its_effect_has_happened(
    bench: Bench, how: Any, content_type: str, is_json: bool
) -> None:
    bench.rule(Garble(how))

    spoilt = await bench.post_port()

    assert spoilt is not None
    assert (spoilt.status, headers_of(spoilt)["Content-Type"], bench.ports()) == (201, content_type, 1)
    if is_json:
        assert msgspec.json.decode(spoilt.body)["port"]["name"] == "p"
    else:
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(spoilt.body)


@dataclass(frozen=True)
class Lists:
    """What a caller sees listed."""

    bench: Bench

    async def get(self, path: str, key: str) -> list[Any]:
        response = await self.bench.call("GET", path)
        assert response is not None
        listed: list[Any] = msgspec.json.decode(response.body)[key]
        return listed

    async def ports(self) -> int:
        return sum(1 for port in await self.get(PORTS, "ports") if port["name"] == "p")

    async def statuses(self) -> list[str]:
        return [server["status"] for server in await self.get(SERVERS, "servers")]


async def test_a_list_lags_behind_what_is_written(bench: Bench) -> None:
    bench.rule(Lag(5), Pattern(method="GET", path="/ports$"), times=None)
    lists = Lists(bench)
    await bench.post_port()
    seen = [await lists.ports()]
    bench.client.wait(3)
    await bench.post_port()
    for _ in range(3):
        bench.client.wait(2.5)
        seen.append(await lists.ports())

    assert seen == [0, 1, 2, 2]
    assert bench.ports() == 2


async def test_a_list_that_lags_shows_late_what_happens_by_itself(bench: Bench) -> None:
    bench.rule(Lag(10), Pattern(service="compute", method="GET"), times=None)
    lists = Lists(bench)
    seen = [await lists.statuses()]
    wish = {"name": "s", "flavorRef": "2", "imageRef": IMAGE_ID}
    await bench.call("POST", "/compute/v2.1/servers", {"server": wish})
    for _ in range(3):
        bench.client.wait(5)
        seen.append(await lists.statuses())

    assert seen == [[], [], ["BUILD"], ["ACTIVE"]]


async def test_a_write_is_never_made_on_the_past(bench: Bench) -> None:
    bench.rule(Lag(60), Pattern(service="network"), times=None)

    await bench.post_port()
    await bench.post_port()

    assert bench.ports() == 2


async def test_without_a_rule_nothing_of_the_past_is_kept(bench: Bench) -> None:
    rule = bench.rule(Lag(5), times=None)
    await bench.post_port()
    bench.exchange.faults.remove(rule)

    await bench.post_port()

    assert len(bench.client.cloud.world.history._moments) == 0
    assert await Lists(bench).ports() == 2


def test_boots_fail_or_never_end_as_ordered(client: CoreClient) -> None:
    orders = client.cloud.world.boot_orders
    orders.give(BootOrder("error", message="Build of instance {id} aborted: no.", name="^worker", times=1))
    orders.give(BootOrder("stuck", name="^worker"))
    servers = [
        client.make_server(name, networks="none")["id"] for name in ("other", "worker-1", "worker-2", "worker-3")
    ]
    client.wait(60)

    shown = [client.server(server) for server in servers]

    assert [server["status"] for server in shown] == ["ACTIVE", "ERROR", "BUILD", "ACTIVE"]
    assert shown[1]["fault"]["message"] == f"Build of instance {servers[1]} aborted: no."
    client.compute("DELETE", f"servers/{servers[2]}")
    client.wait(1)
    assert client.compute("GET", f"servers/{servers[2]}").status == 404


@pytest.mark.parametrize("wish", [{"name": "("}, {"times": 0}])
def test_a_malformed_order_is_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected 1 or more|no regular expression"):
        BootOrder("stuck", **wish)


def test_a_revoked_user_is_refused_everywhere_until_it_is_let_in_again(client: CoreClient) -> None:
    happenings = Happenings(client.cloud.world)
    happenings.change_account(AccountChange(seed.MEMBER_USER_NAME, enabled=False))
    refused = client.compute("GET", "servers")
    with pytest.raises(AssertionError, match="401"):
        client.log_in()

    happenings.change_account(AccountChange(seed.MEMBER_USER_NAME, enabled=True))
    client.log_in()

    assert refused.status == 401
    assert client.compute("GET", "servers").status == 200


def test_a_changed_password_ends_the_old_tokens(client: CoreClient) -> None:
    Happenings(client.cloud.world).change_account(AccountChange(seed.MEMBER_USER_NAME, password="new"))

    assert client.compute("GET", "servers").status == 401
    with pytest.raises(AssertionError, match="401"):
        client.log_in()


def test_a_lag_without_time_is_refused() -> None:
    with pytest.raises(ValueError, match="expected more than zero"):
        Lag(0)


async def test_a_control_command_is_part_of_the_past_too(client: CoreClient) -> None:
    clock = TestClock(client)
    plan = FaultPlan()
    plan.add(Rule(action=Lag(5), match=Pattern(method="GET"), times=None))
    exchange = Exchange(client.cloud, plan, clock, lambda pid, number: None)
    here = Bench(client, exchange, clock, [])
    server = client.make_server(networks="none")["id"]
    client.wait(3)
    assert await Lists(here).statuses() == ["ACTIVE"]
    client.wait(5)

    moment: datetime = client.now
    Happenings(client.cloud.world).lose_server(server, moment)
    client.cloud.world.history.note(moment)

    assert await Lists(here).statuses() == ["ACTIVE"]
    client.wait(6)
    assert await Lists(here).statuses() == []


def test_rules_are_read_as_the_control_endpoint_gets_them() -> None:
    text = (
        b'{"action": {"kind": "answer", "status": 429, "retry_after": 3, "retry_after_form": "date"},'
        b' "match": {"service": "block-storage"}, "times": null}'
    )

    assert msgspec.json.decode(text, type=Rule).action == Answer(429, retry_after=3, retry_after_form="date")
    assert msgspec.json.decode(b'{"action": {"kind": "garble", "how": "empty"}}', type=Rule).action == Garble("empty")
