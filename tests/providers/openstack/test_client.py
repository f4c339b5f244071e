"""Calls through the client: whole lists, and no trust in the form of an answer."""

import json
from typing import Any

import msgspec
import pytest
from tests.providers.openstack.core_cloud import ManualClock

from kubecapy.contract.errors import InvalidConfiguration, NotFound, Throttled, Unavailable
from kubecapy.providers.openstack.cloud.client import CloudClient
from kubecapy.providers.openstack.cloud.transport import Call, Query, Reply
from kubecapy.providers.openstack.services.resources import Port
from kubecapy.telemetry.secrets import Secret

CALL = Call(doing="listing ports", service="network", method="GET", path="/ports", query=(("name", "x"),))


class Script:
    """Answers with what a test gives, and remembers the calls."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.queries: list[Query] = []

    async def request(self, call: Call) -> Reply:
        self.queries.append(call.query)
        answer = self._answers.pop(0)
        if isinstance(answer, Reply):
            return answer
        return Reply(200, {}, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    async def project_id(self) -> str:
        return "p"

    async def close(self) -> None:
        return


def client(*answers: Any) -> CloudClient:
    return CloudClient(Script(*answers), ManualClock())


@pytest.mark.parametrize(
    "link",
    [
        {"ports_links": [{"rel": "previous", "href": "https://c/x"}, {"rel": "next", "href": "https://c/p?marker=a"}]},
        {"next": "/v2/ports?marker=a"},
    ],
)
async def test_a_list_is_read_to_its_last_page(link: dict[str, Any]) -> None:
    script = Script({"ports": [{"id": "a"}], **link}, {"ports": [{"id": "b"}]})
    found = await CloudClient(script, ManualClock()).list(CALL, "ports", Port)
    assert [port.id for port in found] == ["a", "b"]
    assert script.queries == [(("name", "x"),), (("marker", "a"),)]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"\xff",
        [],
        {},
        {"ports": None},
        {"ports": ["x"]},
        {"ports": [{"name": "no id"}]},
        {"ports": [{"id": 7}]},
        {"ports": [{"id": "a", "fixed_ips": [{"subnet_id": "s"}]}]},
        {"ports": [], "ports_links": [{"rel": "next", "href": 7}, "x"]},
    ],
)
async def test_an_answer_of_another_form_is_an_unavailable_cloud(answer: Any) -> None:
    with pytest.raises(Unavailable, match="listing ports: network answered"):
        await client(answer).list(CALL, "ports", Port)


async def test_nulls_in_an_answer_are_read_as_far_as_the_services_send_them() -> None:
    port = {"id": "a", "description": None, "device_id": None, "device_owner": None}
    (found,) = await client({"ports": [port]}).list(CALL, "ports", Port)
    assert found.id == "a"


async def test_a_list_that_is_not_there_is_an_unavailable_cloud_and_not_an_empty_one() -> None:
    with pytest.raises(Unavailable):
        await client(Reply(404, {}, b'{"message": "no such path"}')).list(CALL, "ports", Port)


async def test_absent_is_none_for_find_success_for_delete_and_an_error_for_read() -> None:
    absent = Reply(404, {}, b'{"NeutronError": {"message": "Port a could not be found."}}')
    assert await client(absent).find(CALL, "port", Port) is None
    await client(absent).delete(CALL)
    with pytest.raises(NotFound):
        await client(absent).read(CALL, "port", Port)


async def test_a_proxys_404_never_counts_as_gone() -> None:
    page = Reply(404, {}, b"<html>not here</html>")
    with pytest.raises(Unavailable):
        await client(page).delete(CALL)
    with pytest.raises(Unavailable):
        await client(page).find(CALL, "port", Port)


async def test_what_is_sent_is_not_shown() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        await client(Reply(400, {}, b'{"badRequest": {"message": "no"}}')).send(CALL, {"user_data": "hidden"})
    assert "hidden" not in str(caught.value)
    assert "hidden" not in repr(msgspec.structs.replace(CALL, body=Secret(b"hidden")))


async def test_a_service_that_links_in_circles_is_given_up() -> None:
    page = {"ports": [], "next": "/ports?marker=a"}
    with pytest.raises(Unavailable, match="more than 1000 pages"):
        await client(*[page] * 1000).list(CALL, "ports", Port)


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(429, {"retry-after": "30"}, b"{}"),
        Reply(413, {"retry-after": "30"}, b"{}"),
        Reply(503, {"retry-after": "30"}, b"{}"),
    ],
    ids=lambda reply: str(reply.status),
)
async def test_while_a_service_asks_for_patience_nobody_calls_it_and_others_are_called(refusal: Reply) -> None:
    clock, script = ManualClock(), Script(refusal, {"servers": []}, {"ports": []})
    client = CloudClient(script, clock)
    with pytest.raises(Throttled, match="listing ports"):
        await client.list(CALL, "ports", Port)

    clock.pass_(10.0)
    waits: list[float] = []
    for doing in ("creating port a", "creating port b"):
        with pytest.raises(Throttled, match=f"{doing}: not sent, the network service asked to wait") as caught:
            await client.list(msgspec.structs.replace(CALL, doing=doing), "ports", Port)
        waits.append(caught.value.retry_after_seconds)
    assert await client.list(msgspec.structs.replace(CALL, service="compute"), "servers", Port) == []
    assert len(script.queries) == 2
    assert 20.0 < waits[0] < waits[1] < 21.0, "those who wait come back one after another"

    clock.pass_(20.0)
    assert await client.list(CALL, "ports", Port) == []


async def test_a_write_is_logged_with_the_request_id_and_without_its_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    script = Script(Reply(201, {"x-openstack-request-id": "req-1"}, b'{"port": {"id": "a"}}'))
    call = msgspec.structs.replace(CALL, method="POST", doing="creating port a")
    await CloudClient(script, ManualClock()).write(call, {"port": {"name": "hidden-word"}}, "port", Port)

    assert "done: creating port a (network 201, req-1)" in caplog.text
    assert "hidden-word" not in caplog.text
