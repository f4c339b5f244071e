import msgspec
from tests.devcloud.core_client import START, CoreClient

from kubecapy.devcloud import seed
from kubecapy.devcloud.endpoints import Effect
from kubecapy.devcloud.ledger import Entry, Ledger


def entry(sequence: int, **changes: object) -> Entry:
    base = Entry(
        sequence=sequence,
        time=START,
        service="compute",
        method="GET",
        template="/v2.1/servers",
        path="/compute/v2.1/servers",
        query="",
        status=200,
        user="capi",
        project="p",
        user_agent="a",
        microversion="",
        effect=Effect.READ,
        request_id="req-1",
    )
    return msgspec.structs.replace(base, **changes)


def test_every_call_is_recorded_with_what_it_was() -> None:
    client = CoreClient.fresh()
    server_id = client.make_server()["id"]

    client.compute("POST", f"servers/{server_id}/action", {"os-getConsoleOutput": {}})
    client.compute("DELETE", f"servers/{server_id}")
    client.network("GET", "ports?name=x")

    *_, create, console, delete, ports = client.cloud.ledger.entries()
    assert (create.method, create.template, create.status, create.effect) == ("POST", "/v2.1/servers", 202, "write")
    assert (console.template, console.effect) == ("/v2.1/servers/{server_id}/action[os-getConsoleOutput]", "read")
    assert (delete.path, delete.effect) == (f"/compute/v2.1/servers/{server_id}", "write")
    assert (ports.service, ports.query, ports.user) == ("network", "name=x", "capi")
    assert {item.microversion for item in (create, ports)} == {"2.96"}
    assert create.project == seed.PROJECT.id


def test_the_answer_carries_the_recorded_request_id() -> None:
    client = CoreClient.fresh()

    reply = client.network("GET", "ports")

    assert reply.headers["x-openstack-request-id"] == list(client.cloud.ledger.entries())[-1].request_id


def test_no_secret_reaches_the_ledger() -> None:
    client = CoreClient.fresh()
    client.make_server(user_data="c2VjcmV0LXVzZXItZGF0YQ==")

    text = msgspec.json.encode(list(client.cloud.ledger.entries())).decode()

    for secret in (client.token, client.access.member.reveal(), "c2VjcmV0LXVzZXItZGF0YQ"):
        assert secret not in text


def test_the_oldest_calls_are_forgotten_and_still_counted() -> None:
    ledger = Ledger(limit=2)

    for number in range(1, 6):
        ledger.record(entry(number, effect=Effect.WRITE if number == 1 else Effect.READ))

    summary = ledger.statistics()
    assert [item.sequence for item in ledger.entries()] == [4, 5]
    assert [item.sequence for item in ledger.entries(after=4)] == [5]
    assert (summary.calls, summary.writes) == (5, 1)
    assert [(count.template, count.calls) for count in summary.counts] == [("/v2.1/servers", 5)]
