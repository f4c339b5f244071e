"""Traps that others have fallen into, each with the test that keeps us out.

Servers, clients and libraries of this field fail in ways that no specification tells of: they were met while the
stack was chosen, by measuring or by reading. `TRAPS` names each and where it is held; what is held here has its test
below. The table is itself tested: every test that it names exists.
"""

import ast
import asyncio
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import msgspec
import pytest
from cryptography import x509
from tests.apiserver.conftest import Api, client_context, make_api
from tests.apiserver.widgets import config_map

import kubecapy.api
from kubecapy.api.apps import DeploymentSpec
from kubecapy.apimachinery.codec import decode, encode, load_yaml
from kubecapy.apimachinery.errors import ServerTimeout
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.endpoints import bodies
from kubecapy.apiserver.listening import make_tls_context
from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.storage.records import Record, ResourceId
from kubecapy.apiserver.storage.store import Store
from kubecapy.client.sessions import KEEP_ALIVE_SECONDS
from kubecapy.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "kubecapy").rglob("*.py"))
MAPS = "/api/v1/namespaces/default/configmaps"
CONFIG_MAPS = ResourceId("", "configmaps")
GO_KEEP_ALIVE_SECONDS = 90
QUEUES = ("apiserver/upkeep/agenda.py", "apiserver/storage/subscription.py", "runtime/workqueue.py")
HERE = "apiserver/test_known_traps.py"

TRAPS: dict[str, tuple[str, ...]] = {
    "a dict or a list used as a queue takes ever longer to give its first item": (
        f"{HERE}::test_no_queue_gives_its_first_item_by_moving_or_skipping_all_others",
        "runtime/test_workqueue.py::test_keys_come_in_the_order_of_their_first_adding",
    ),
    "readers of lines give up on an event of more than some kilobytes": (
        "apiserver/test_watching.py::test_a_line_may_be_longer_than_a_megabyte",
        "client/test_transport.py::test_a_watch_reads_lines_wherever_the_chunks_are_cut",
    ),
    "a watch on a connection that died without a word waits for ever": (
        "client/test_transport.py::test_a_silent_watch_ends_after_its_deadline",
    ),
    "a server with open watches needs minutes to end, or never does": (
        "apiserver/test_serving.py::test_it_stops_in_less_than_two_seconds_with_open_watches",
        "apiserver/test_serving.py::test_a_process_ends_whatever_its_clients_still_hold_open",
    ),
    "the default executor has a handful of threads, and one slow cloud call uses them up for all": (
        f"{HERE}::test_no_blocking_work_shares_the_default_executor",
    ),
    "a server that closes idle connections sooner than its clients resets requests on the way": (
        f"{HERE}::test_idle_connections_are_kept_longer_than_any_client_keeps_them",
    ),
    "a client that is gone is noticed by writing only": (
        f"{HERE}::test_a_watch_ends_when_its_client_hangs_up",
        "apiserver/test_watching.py::test_a_client_that_reads_nothing_at_all_is_cut_off",
        "apiserver/test_watching.py::test_bookmarks_tell_how_far_an_idle_watch_is",
    ),
    "a slow watcher holds up the writer, or fills the memory": (
        "apiserver/test_watching.py::test_a_client_that_reads_too_slowly_is_told_to_list_again_and_delays_nobody",
        "apiserver/test_watching.py::test_clients_that_take_nothing_keep_no_copies_of_everything",
    ),
    "an event is encoded once for each watcher": (f"{HERE}::test_followers_share_one_change_and_its_encoded_object",),
    "a server that asks for client certificates without an authority takes anybody's": (
        f"{HERE}::test_without_an_authority_no_client_certificate_counts",
        "apiserver/test_serving.py::test_a_certificate_of_another_authority_is_not_taken",
        f"{HERE}::test_old_versions_of_tls_are_refused",
    ),
    "a client without a certificate has an empty one": (
        "apiserver/test_serving.py::test_nobody_known_may_read_health_and_version_only",
    ),
    "a certificate that was renewed on disk is shown after the next start only": (
        f"{HERE}::test_a_renewed_serving_certificate_is_shown_to_the_next_client",
        f"{HERE}::test_half_a_renewal_keeps_the_old_certificate",
    ),
    "kubectl sends protobuf bodies and does not try again in JSON": (
        "apiserver/test_protobuf.py::test_kubectl_creates_each_kind_that_it_sends_as_protobuf",
    ),
    "clients and frameworks lose custom resources, drop fields unknown to them, or are maintained no more": (
        f"{HERE}::test_nothing_of_ours_stands_on_what_was_refused",
    ),
    "a faster parser does not help where objects are decoded that nobody looks into": (
        f"{HERE}::test_reads_hand_on_stored_bytes_without_decoding_them",
    ),
    "a typed object that is written back whole has lost what a newer server knows": (
        "client/test_patching.py::test_scalars_and_maps_are_written_whatever_the_revision",
        "client/test_patching.py::test_equal_values_send_nothing",
    ),
    "an optional field that equals its default is left out, and replicas 0 becomes 1": (
        f"{HERE}::test_a_zero_that_was_said_is_said_again",
        f"{HERE}::test_no_optional_field_has_a_default_that_means_something",
    ),
    "uvloop is not everywhere": (f"{HERE}::test_uvloop_is_imported_in_one_place_and_only_where_it_is_installed",),
    "leader election that fails ends the process with its cleanup undone": (
        f"{HERE}::test_libraries_never_end_the_process",
    ),
    "YAML loaders make dates of what looks like one, which JSON cannot say": (
        f"{HERE}::test_a_date_in_yaml_stays_the_text_that_it_is",
        "apimachinery/test_yaml_codec.py::test_plain_scalars_read_as_kubectl_reads_them",
    ),
    "a client that sends its request byte by byte holds a connection for ever": (
        f"{HERE}::test_a_head_that_never_ends_closes_the_connection",
        f"{HERE}::test_a_body_that_never_ends_is_answered_with_a_timeout",
    ),
    "locks are not kept over a network": (
        "apiserver/test_store_file.py::test_a_network_file_system_is_refused",
        "apiserver/test_store.py::test_a_second_server_is_kept_from_the_file",
    ),
    "a full disk fails in the middle of a write": (
        "apiserver/test_full_disk.py::test_a_full_disk_refuses_writes_and_serves_reads_until_there_is_space",
        "apiserver/test_full_disk.py::test_a_server_that_is_killed_or_stopped_on_a_full_disk_has_lost_nothing",
    ),
    "a commit that is not synced is lost with the power, and revisions go backwards": (
        "apiserver/test_crash.py::test_kills_under_load_lose_no_acknowledged_write_and_no_revision_goes_back",
    ),
}


@pytest.mark.parametrize("place", sorted({place for places in TRAPS.values() for place in places}))
def test_every_test_that_the_table_names_exists(place: str) -> None:
    file, _, name = place.partition("::")

    assert re.search(rf"^(async )?def {name}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path, node


def imports() -> Iterator[tuple[Path, str]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield path, node.module.partition(".")[0]


def test_no_queue_gives_its_first_item_by_moving_or_skipping_all_others() -> None:
    queues = [ROOT / "src" / "kubecapy" / name for name in QUEUES]

    for path in queues:
        text = path.read_text()
        assert "deque()" in text
        assert not re.search(r"\.pop\(0\)|next\(iter\(", text), path


def test_no_blocking_work_shares_the_default_executor() -> None:
    shared = [
        f"{path}:{call.lineno}"
        for path, call in calls()
        if (isinstance(call.func, ast.Attribute) and call.func.attr == "to_thread")
        or (
            isinstance(call.func, ast.Attribute)
            and call.func.attr == "run_in_executor"
            and isinstance(call.args[0], ast.Constant)
        )
    ]

    assert shared == []


def test_idle_connections_are_kept_longer_than_any_client_keeps_them(settings: ApiServerSettings) -> None:
    assert settings.keepalive_seconds > max(GO_KEEP_ALIVE_SECONDS, KEEP_ALIVE_SECONDS)


async def test_a_watch_ends_when_its_client_hangs_up(server: ApiServer, pki: LocalPki, api: Api) -> None:
    async with make_api(server, pki) as other, other.watch(f"{MAPS}?watch=true") as stream:
        await stream.content.readline()
        assert "kubecapy_apiserver_watches 1" in (await api("GET", "/metrics")).body
        stream.connection.transport.abort()

    async with asyncio.timeout(10):
        while "kubecapy_apiserver_watches 0" not in (await api("GET", "/metrics")).body:
            await asyncio.sleep(0.005)


async def test_followers_share_one_change_and_its_encoded_object() -> None:
    async with Store(None, 10) as store:
        with store.subscribe(CONFIG_MAPS, 10) as first, store.subscribe(CONFIG_MAPS, 10) as second:
            record = await store.put(CONFIG_MAPS, ObjectKey("default", "a"), config_map("a"))

            (one,), (other,) = await first.take(), await second.take()

    assert one is other
    assert one.record.data is record.data


async def test_without_an_authority_no_client_certificate_counts(settings: ApiServerSettings, pki: LocalPki) -> None:
    open_to_all = msgspec.structs.replace(settings, client_ca=None)

    assert make_tls_context(open_to_all).verify_mode is ssl.CERT_NONE
    async with ApiServer(open_to_all, SystemClock(), Random(1)) as server, make_api(server, pki) as api:
        assert (await api("GET", MAPS)).status == 403


def test_old_versions_of_tls_are_refused(settings: ApiServerSettings) -> None:
    assert make_tls_context(settings).minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.fixture
def renewable(settings: ApiServerSettings, pki: LocalPki, tmp_path: Path) -> ApiServerSettings:
    """Settings whose serving certificate lies in a folder of this test."""
    certificate, key = tmp_path / "serving.crt", tmp_path / "serving.key"
    certificate.write_bytes(pki.serving_certificate.read_bytes())
    key.write_bytes(pki.serving_key.read_bytes())
    return msgspec.structs.replace(settings, serving_certificate=certificate, serving_key=key)


def put(source: Path, target: Path) -> None:
    """Replace a file as those who renew certificates do: in one step."""
    beside = target.with_suffix(".new")
    beside.write_bytes(source.read_bytes())
    beside.replace(target)


async def shown_serial(server: ApiServer) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(der).serial_number


async def test_a_renewed_serving_certificate_is_shown_to_the_next_client(
    renewable: ApiServerSettings, pki: LocalPki, tmp_path: Path
) -> None:
    other = make_local_pki(tmp_path / "renewed", ["127.0.0.1"], SystemClock())
    wanted = x509.load_pem_x509_certificate(other.serving_certificate.read_bytes()).serial_number
    async with ApiServer(renewable, SystemClock(), Random(1)) as server, make_api(server, pki) as api:
        assert await api.get("/readyz") == "ok"
        before = await shown_serial(server)

        put(other.serving_certificate, renewable.serving_certificate)
        put(other.serving_key, renewable.serving_key)

        assert before != wanted
        assert await shown_serial(server) == wanted
        # The client certificates are judged by the same authority, and old connections go on.
        assert await api.get("/readyz") == "ok"
        context = client_context(pki)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            assert await Api(session, server.url).get(MAPS)


async def test_half_a_renewal_keeps_the_old_certificate(renewable: ApiServerSettings, tmp_path: Path) -> None:
    other = make_local_pki(tmp_path / "renewed", ["127.0.0.1"], SystemClock())
    async with ApiServer(renewable, SystemClock(), Random(1)) as server:
        before = await shown_serial(server)

        put(other.serving_certificate, renewable.serving_certificate)
        assert await shown_serial(server) == before

        put(other.serving_key, renewable.serving_key)
        assert await shown_serial(server) != before


def test_nothing_of_ours_stands_on_what_was_refused() -> None:
    refused = {
        "cloudcoil",
        "easykube",
        "httpx",
        "kopf",
        "kr8s",
        "kubernetes",
        "kubernetes_asyncio",
        "lightkube",
        "pydantic",
    }

    assert [(path, name) for path, name in imports() if name in refused] == []


async def test_reads_hand_on_stored_bytes_without_decoding_them(server: ApiServer, api: Api) -> None:
    # What is no JSON can be handed on, but not decoded; a list leaves out how each object begins.
    opaque = Record(ObjectKey("default", "opaque"), 1, b'{"kind":"ConfigMap","apiVersion":"v1",<no JSON>}')
    server.reader._store.collection(CONFIG_MAPS).load(opaque)  # type: ignore[attr-defined]

    async with api.session.get(f"{api.url}{MAPS}/opaque") as one, api.session.get(f"{api.url}{MAPS}") as several:
        assert await one.read() == opaque.data
        assert b"{<no JSON>}]}" in await several.read()
    async with api.watch(f"{MAPS}?watch=true") as stream:
        lines = [await stream.content.readline() for _ in range(2)]
    assert b'{"type":"ADDED","object":%s}\n' % opaque.data in lines


def test_a_zero_that_was_said_is_said_again() -> None:
    said = b'{"replicas":0,"selector":{},"template":{"spec":{"containers":[]}}}'

    assert b'"replicas":0' in encode(decode(said, DeploymentSpec))


def structs() -> Iterator[type[msgspec.Struct]]:
    for path in Path(kubecapy.api.__file__).parent.rglob("*.py"):
        module = __import__(".".join(path.relative_to(ROOT / "src").with_suffix("").parts), fromlist=["_"])
        yield from (
            found for found in vars(module).values() if isinstance(found, type) and issubclass(found, msgspec.Struct)
        )


def test_no_optional_field_has_a_default_that_means_something() -> None:
    lost = {
        f"{struct.__qualname__}.{field.name}"
        for struct in structs()
        if struct.__struct_config__.omit_defaults
        for field in msgspec.structs.fields(struct)
        if isinstance(field.default, int) and field.default not in (msgspec.NODEFAULT,)
    }

    # The server alone counts generations, from 1; a column without a priority has priority 0.
    assert lost == {"ObjectMeta.generation", "_Column.priority"}


def test_uvloop_is_imported_in_one_place_and_only_where_it_is_installed() -> None:
    naming = {str(path.relative_to(ROOT / "src" / "kubecapy")) for path in SOURCES if '"uvloop"' in path.read_text()}

    assert [path for path, name in imports() if name == "uvloop"] == []
    assert naming == {"event_loop.py"}


def test_libraries_never_end_the_process() -> None:
    entries = ("clusterctl", "daemons", "local/guest")
    ending = [
        f"{path}:{call.lineno}"
        for path, call in calls()
        if ast.unparse(call.func) in ("sys.exit", "os._exit", "exit", "SystemExit")
        and not str(path.relative_to(ROOT / "src" / "kubecapy")).startswith(entries)
    ]

    assert ending == []


@pytest.mark.parametrize("text", ["2026-11-28", "2026-11-28T12:00:00Z", "12:30:45"])
def test_a_date_in_yaml_stays_the_text_that_it_is(text: str) -> None:
    assert encode(load_yaml(f"at: {text}")) == f'[{{"at":"{text}"}}]'.encode()


async def test_a_head_that_never_ends_closes_the_connection(settings: ApiServerSettings, pki: LocalPki) -> None:
    short = msgspec.structs.replace(settings, keepalive_seconds=0.2)
    async with ApiServer(short, SystemClock(), Random(1)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=client_context(pki))
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: here\r\nX-Slow: ")

        async with asyncio.timeout(10):
            while not reader.at_eof():
                writer.write(b"x")
                await asyncio.wait([asyncio.ensure_future(reader.read(100))], timeout=0.05)
        writer.transport.abort()


async def test_a_body_that_never_ends_is_answered_with_a_timeout(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)

    async def trickle() -> Any:
        yield b'{"metadata":'
        await asyncio.Event().wait()

    headers = {"Content-Type": "application/json"}
    async with api.session.post(f"{api.url}{MAPS}", data=trickle(), headers=headers) as reply:
        answer = await reply.json()

    assert (answer["code"], answer["reason"]) == (ServerTimeout.code, ServerTimeout.reason)
    assert answer["message"] == "the body of the request did not arrive within 0.1 seconds"
