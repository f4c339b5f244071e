"""What is sent twice, what is not, and how failures are worded: against real sockets on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from kubecapy.api.core import CONFIG_MAPS, ConfigMap
from kubecapy.apimachinery.errors import (
    Forbidden,
    Gone,
    InternalError,
    ServiceUnavailable,
    StatusError,
    TooManyRequests,
    Unauthorized,
)
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.client.connection import Connection, Impersonation
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.transport import MAX_ATTEMPTS, Deadlines
from kubecapy.telemetry.secrets import Secret

KEY = ObjectKey("default", "c")
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}}

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class ImpatientClock:
    """Notes the waits and does not wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2019, 4, 4, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


class Server:
    """Answers with one function and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.answer: Answer = _config_map
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs, dict(request.headers)))
        return await self.answer(request)


async def _config_map(request: web.BaseRequest) -> web.StreamResponse:
    return web.json_response(CONFIG_MAP)


def status(code: int, reason: str = "", **headers: str) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": "no",
            "reason": reason,
            "code": code,
        }
        return web.json_response(body, status=code, headers={name.replace("_", "-"): v for name, v in headers.items()})

    return answer


async def cut_off(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    runner = web.ServerRunner(web.Server(found.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@pytest.fixture
def clock() -> ImpatientClock:
    return ImpatientClock()


@pytest.fixture
async def client(server: Server, clock: ImpatientClock) -> AsyncIterator[HttpClient]:
    deadlines = Deadlines(connect_seconds=0.5, request_seconds=0.2, idle_watch_seconds=0.2)
    async with HttpClient(Connection(server=server.url), clock, deadlines) as http:
        yield http


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def test_a_read_that_lost_its_connection_is_sent_again(server: Server, client: HttpClient) -> None:
    answers = iter([cut_off, _config_map])
    server.answer = lambda request: next(answers)(request)

    assert (await client.get(CONFIG_MAPS, KEY)).metadata.name == "c"


async def test_a_write_that_lost_its_connection_is_not_sent_again(server: Server, client: HttpClient) -> None:
    server.answer = cut_off

    with pytest.raises(Unreachable, match="the connection was closed before the reply"):
        await client.patch(CONFIG_MAPS, KEY, {})

    assert len(server.requests) == 1


async def test_a_refused_connection_is_tried_again_whatever_the_method(clock: ImpatientClock) -> None:
    url = f"https://127.0.0.1:{free_port()}"

    async with HttpClient(Connection(server=url), clock) as client:
        with pytest.raises(Unreachable) as caught:
            await client.patch(CONFIG_MAPS, KEY, {})

    assert str(caught.value) == f"{url}: connection refused"
    assert clock.waits == [0.2, 0.4]


async def test_a_server_that_does_not_answer_is_unreachable_in_time(server: Server, client: HttpClient) -> None:
    async def never(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    server.answer = never

    with pytest.raises(Unreachable, match="no answer in time"):
        await client.create(CONFIG_MAPS, ConfigMap(metadata=ObjectMeta(name="c", namespace="default")))


async def test_a_throttled_request_waits_as_long_as_the_server_asks(
    server: Server, client: HttpClient, clock: ImpatientClock
) -> None:
    answers = iter([status(429, "TooManyRequests", Retry_After="3"), _config_map])
    server.answer = lambda request: next(answers)(request)

    await client.patch(CONFIG_MAPS, KEY, {})

    assert clock.waits == [3.0]


async def test_a_server_that_asks_for_a_long_wait_is_left_to_the_caller(
    server: Server, client: HttpClient, clock: ImpatientClock
) -> None:
    server.answer = status(429, "TooManyRequests", Retry_After="60")

    with pytest.raises(TooManyRequests) as caught:
        await client.get(CONFIG_MAPS, KEY)

    assert caught.value.details is not None
    assert caught.value.details.retry_after_seconds == 60
    assert clock.waits == []


@pytest.mark.parametrize(("method", "attempts"), [("get", MAX_ATTEMPTS), ("patch", 1)])
async def test_only_reads_are_sent_again_to_an_unavailable_server(
    server: Server, client: HttpClient, method: str, attempts: int
) -> None:
    server.answer = status(503, "ServiceUnavailable", Retry_After="1")

    with pytest.raises(ServiceUnavailable):
        await (client.get(CONFIG_MAPS, KEY) if method == "get" else client.patch(CONFIG_MAPS, KEY, {}))

    assert len(server.requests) == attempts


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (status(403, "Forbidden"), Forbidden),
        (status(500, "InternalError"), InternalError),
        (status(418), InternalError),
    ],
    ids=["forbidden", "internal", "unknown"],
)
async def test_other_refusals_are_raised_at_once(
    server: Server, client: HttpClient, answer: Answer, kind: type[Exception]
) -> None:
    server.answer = answer

    with pytest.raises(kind, match="no"):
        await client.get(CONFIG_MAPS, KEY)

    assert len(server.requests) == 1


async def test_a_page_of_a_proxy_becomes_a_short_message(server: Server, client: HttpClient) -> None:
    async def page(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=502, text="<html>bad gateway</html>" + "x" * 5000)

    server.answer = page

    with pytest.raises(InternalError, match="<html>bad gateway") as caught:
        await client.get(CONFIG_MAPS, KEY)

    assert len(str(caught.value)) <= 300


async def test_a_reply_that_is_not_the_apis_is_unreachable(server: Server, client: HttpClient) -> None:
    async def login(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="<html>please log in</html>")

    server.answer = login

    with pytest.raises(Unreachable, match="its reply about configmaps is unreadable"):
        await client.get(CONFIG_MAPS, KEY)


async def test_a_redirect_is_not_followed(server: Server, client: HttpClient) -> None:
    async def away(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})

    server.answer = away

    with pytest.raises(InternalError, match="the server replied 302"):
        await client.get(CONFIG_MAPS, KEY)


async def test_a_token_file_is_read_again_when_the_server_refuses_the_token(
    server: Server, clock: ImpatientClock, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")

    async def judge(request: web.BaseRequest) -> web.StreamResponse:
        token.write_text("new\n")
        good = request.headers["Authorization"] == "Bearer new"
        return await (_config_map if good else status(401, "Unauthorized"))(request)

    server.answer = judge
    async with HttpClient(Connection(server=server.url, token_file=token), clock) as client:
        await client.patch(CONFIG_MAPS, KEY, {})

    assert [headers["Authorization"] for _, _, headers in server.requests] == ["Bearer old", "Bearer new"]


async def test_a_token_file_is_read_again_after_a_minute(server: Server, clock: ImpatientClock, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")

    async with HttpClient(Connection(server=server.url, token_file=token), clock) as client:
        await client.get(CONFIG_MAPS, KEY)
        token.write_text("new")
        await client.get(CONFIG_MAPS, KEY)
        clock.seconds = 61.0
        await client.get(CONFIG_MAPS, KEY)

    assert [headers["Authorization"] for _, _, headers in server.requests] == ["Bearer old", "Bearer old", "Bearer new"]


async def test_a_fixed_token_that_is_refused_is_an_error_at_once(server: Server, clock: ImpatientClock) -> None:
    server.answer = status(401, "Unauthorized")

    async with HttpClient(Connection(server=server.url, token=Secret("t")), clock) as client:
        with pytest.raises(Unauthorized):
            await client.get(CONFIG_MAPS, KEY)

    assert len(server.requests) == 1


async def test_a_token_that_is_refused_twice_is_an_error(server: Server, clock: ImpatientClock, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("stale")
    server.answer = status(401, "Unauthorized")

    async with HttpClient(Connection(server=server.url, token_file=tmp_path / "token"), clock) as client:
        with pytest.raises(Unauthorized):
            await client.get(CONFIG_MAPS, KEY)

    assert len(server.requests) == 2


async def test_a_missing_token_file_is_named(server: Server, clock: ImpatientClock, tmp_path: Path) -> None:
    async with HttpClient(Connection(server=server.url, token_file=tmp_path / "none"), clock) as client:
        with pytest.raises(Unreachable, match=r"cannot read the token file .*none: No such file"):
            await client.get(CONFIG_MAPS, KEY)


async def test_a_silent_watch_ends_after_its_deadline(server: Server, client: HttpClient) -> None:
    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    server.answer = silent

    with pytest.raises(Unreachable, match="no answer in time"):
        async with client.watch(CONFIG_MAPS, resource_version="1") as deltas:
            await anext(deltas)


async def test_a_watch_reads_lines_wherever_the_chunks_are_cut(server: Server, client: HttpClient) -> None:
    event = b'{"type":"ADDED","object":{"metadata":{"name":"c","resourceVersion":"7"}}}\n'
    bookmark = b'{"type":"BOOKMARK","object":{"kind":"ConfigMap","metadata":{"resourceVersion":"9"}}}\n'

    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in (event[:5], event[5:] + event + bookmark[:20], bookmark[20:] + b"\n"):
            await response.write(piece)
            await asyncio.sleep(0)
        return response

    server.answer = stream

    async with client.watch(CONFIG_MAPS, namespace="default", resource_version="1") as deltas:
        seen = [(delta.type, delta.resource_version) async for delta in deltas]

    assert seen == [("ADDED", "7"), ("ADDED", "7"), ("BOOKMARK", "9")]
    method, path, _ = server.requests[0]
    assert (method, path.partition("?")[0]) == ("GET", "/api/v1/namespaces/default/configmaps")
    assert "watch=true" in path
    assert "allowWatchBookmarks=true" in path
    assert "resourceVersion=1" in path


async def test_an_error_inside_a_watch_is_raised_as_what_it_says(server: Server, client: HttpClient) -> None:
    async def expired(request: web.BaseRequest) -> web.StreamResponse:
        status_object = '{"kind":"Status","code":410,"reason":"Expired","message":"too old"}'
        return web.Response(text=f'{{"type":"ERROR","object":{status_object}}}\n')

    server.answer = expired

    with pytest.raises(Gone, match="too old"):
        async with client.watch(CONFIG_MAPS, resource_version="1") as deltas:
            await anext(deltas)


async def test_a_list_that_expires_between_pages_is_read_in_one_piece(server: Server, client: HttpClient) -> None:
    async def pages(request: web.BaseRequest) -> web.StreamResponse:
        if "continue" in request.query:
            return await status(410, "Expired")(request)
        token = "more" if "limit" in request.query else ""
        body = {"metadata": {"resourceVersion": "5", "continue": token}, "items": [CONFIG_MAP]}
        return web.json_response(body)

    server.answer = pages

    listing = await client.list(CONFIG_MAPS)

    assert (len(listing.items), listing.resource_version) == (1, "5")
    assert ["limit" in path for _, path, _ in server.requests] == [True, True, False]


async def test_a_closed_client_says_so(server: Server, clock: ImpatientClock) -> None:
    client = HttpClient(Connection(server=server.url), clock)

    with pytest.raises(Unreachable, match="the client is closed"):
        await client.get(CONFIG_MAPS, KEY)


async def test_a_server_url_may_have_a_path(server: Server, clock: ImpatientClock) -> None:
    async with HttpClient(Connection(server=f"{server.url}/k8s/clusters/c-1/"), clock) as client:
        await client.get(CONFIG_MAPS, KEY)

    assert server.requests[0][1] == "/k8s/clusters/c-1/api/v1/namespaces/default/configmaps/c"


RETRIES = [
    # what the server does, GET, PATCH, POST, DELETE: tries that it sees
    ("connection lost", cut_off, 3, 1, 1, 1),
    ("429 with Retry-After", status(429, "TooManyRequests", Retry_After="1"), 3, 3, 3, 3),
    ("429 without", status(429, "TooManyRequests"), 1, 1, 1, 1),
    ("503 with Retry-After", status(503, "ServiceUnavailable", Retry_After="1"), 3, 1, 1, 1),
    ("503 without", status(503, "ServiceUnavailable"), 1, 1, 1, 1),
    ("500", status(500, "InternalError"), 1, 1, 1, 1),
    ("504", status(504, "Timeout"), 1, 1, 1, 1),
    ("401", status(401, "Unauthorized"), 1, 1, 1, 1),
    ("403", status(403, "Forbidden"), 1, 1, 1, 1),
    ("409", status(409, "Conflict"), 1, 1, 1, 1),
]


@pytest.mark.parametrize(("answer", "tries"), [(row[1], row[2:]) for row in RETRIES], ids=[row[0] for row in RETRIES])
async def test_only_what_is_safe_is_sent_again(
    server: Server, client: HttpClient, answer: Answer, tries: tuple[int, ...]
) -> None:
    server.answer = answer
    seen = []
    for method in ("GET", "PATCH", "POST", "DELETE"):
        server.requests.clear()
        with pytest.raises((StatusError, Unreachable)):
            await client.request(method, "/api/v1/namespaces/default/configmaps/c", body={})
        seen.append(len(server.requests))

    assert tuple(seen) == tries


async def test_a_stream_whose_headers_never_come_is_given_up(server: Server, client: HttpClient) -> None:
    async def never(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    server.answer = never

    # A followed log may be silent for ever, but only once it has begun.
    with pytest.raises(Unreachable, match="no answer in time"):
        async with client.stream("/api/v1/namespaces/default/pods/p/log") as pieces:
            await anext(pieces)


async def test_a_body_that_trickles_is_given_up(server: Server, client: HttpClient) -> None:
    async def trickle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    server.answer = trickle

    with pytest.raises(Unreachable, match="no answer in time"):
        await client.get(CONFIG_MAPS, KEY)


async def test_a_server_that_never_finishes_its_tls_handshake_is_given_up(clock: ImpatientClock) -> None:
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    deadlines = Deadlines(connect_seconds=0.2, request_seconds=5.0)
    async with listener:
        async with HttpClient(Connection(server=url), clock, deadlines) as client:
            with pytest.raises(Unreachable, match="no answer in time"):
                await client.create(CONFIG_MAPS, ConfigMap(metadata=ObjectMeta(name="c", namespace="default")))
        await ended.wait()


async def test_an_observer_is_told_of_every_try(server: Server, clock: ImpatientClock) -> None:
    seen: list[tuple[str, str, str, bool]] = []

    def observe(method: str, host: str, code: str, seconds: float | None, /) -> None:
        seen.append((method, host, code, seconds is None))

    host = server.url.removeprefix("http://")
    answers = iter([cut_off, status(429, "TooManyRequests", Retry_After="1"), _config_map, status(403), _config_map])
    server.answer = lambda request: next(answers)(request)
    async with HttpClient(Connection(server=server.url), clock, observer=observe) as client:
        await client.get(CONFIG_MAPS, KEY)
        with pytest.raises(Forbidden):
            await client.patch(CONFIG_MAPS, KEY, {})
        async with client.watch(CONFIG_MAPS, resource_version="1"):
            pass

    assert seen == [
        ("GET", host, "<error>", False),
        ("GET", host, "429", False),
        ("GET", host, "200", False),
        ("PATCH", host, "403", False),
        ("GET", host, "200", True),
    ]


async def test_requests_are_sent_as_the_user_who_is_impersonated(server: Server, clock: ImpatientClock) -> None:
    groups: list[list[str]] = []

    async def note(request: web.BaseRequest) -> web.StreamResponse:
        groups.append(request.headers.getall("Impersonate-Group"))
        return await _config_map(request)

    server.answer = note
    wanted = Impersonation(user="jane", uid="7", groups=("a", "b"), extra=(("acme.io/team", ("x",)),))
    async with HttpClient(Connection(server=server.url, impersonation=wanted), clock) as client:
        await client.get(CONFIG_MAPS, KEY)

    _, _, headers = server.requests[0]
    assert (headers["Impersonate-User"], headers["Impersonate-Uid"]) == ("jane", "7")
    assert headers["Impersonate-Extra-acme.io%2Fteam"] == "x"
    assert groups == [["a", "b"]]


async def test_a_token_file_that_is_away_for_a_moment_leaves_the_last_token(
    server: Server, clock: ImpatientClock, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("good")

    async with HttpClient(Connection(server=server.url, token_file=token), clock) as client:
        await client.get(CONFIG_MAPS, KEY)
        token.unlink()
        clock.seconds = 61.0
        await client.get(CONFIG_MAPS, KEY)

    assert [headers["Authorization"] for _, _, headers in server.requests] == ["Bearer good", "Bearer good"]
