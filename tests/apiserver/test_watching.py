"""Watches: in order, without gaps, with an end that says so."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.apiserver.conftest import Api, make_api
from tests.apiserver.counted_calls import counted
from tests.apiserver.widgets import config_map

from kubecapy.apiserver.pki import LocalPki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings, WatchLimits
from kubecapy.apiserver.storage.records import Change
from kubecapy.clock import SystemClock

MAPS = "/api/v1/namespaces/default/configmaps"


async def deltas(stream: Any) -> AsyncIterator[Any]:
    async with asyncio.timeout(20):
        async for line in stream.content:
            yield json.loads(line)


async def take(stream: Any, count: int) -> list[tuple[str, str]]:
    found = []
    async for delta in deltas(stream):
        found.append((delta["type"], delta["object"]["metadata"].get("name", "")))
        if len(found) == count:
            break
    return found


async def revision(api: Api, path: str = MAPS) -> str:
    return str((await api.get(path))["metadata"]["resourceVersion"])


@pytest.fixture
async def impatient(settings: ApiServerSettings, pki: LocalPki) -> AsyncIterator[Api]:
    """A server that forgets soon, sends bookmarks often and buffers little."""
    limits = WatchLimits(bookmark_seconds=0.02, stall_seconds=0.3, buffered_changes=20)
    short = msgspec.structs.replace(settings, change_history=4, watch=limits)
    async with ApiServer(short, SystemClock(), Random(1)) as server, make_api(server, pki, 65536) as api:
        yield api


async def test_a_forgotten_revision_is_gone(impatient: Api) -> None:
    start = await revision(impatient)
    await impatient.create(MAPS, config_map("a"))
    for index in range(9):
        await impatient.merge(f"{MAPS}/a", {"data": {"x": str(index)}})

    async with impatient.watch(f"{MAPS}?watch=true&resourceVersion={start}") as stream:
        [delta] = [delta async for delta in deltas(stream)]

    assert (delta["type"], delta["object"]["code"], delta["object"]["reason"]) == ("ERROR", 410, "Expired")
    assert delta["object"]["message"].startswith(f"too old resource version: {start} (")


async def test_a_revision_of_another_run_is_gone(settings: ApiServerSettings, pki: LocalPki, api: Api) -> None:
    async with ApiServer(settings, SystemClock(), Random(1)) as later, make_api(later, pki) as other:
        old = await revision(api)

        async with other.watch(f"{MAPS}?watch=true&resourceVersion={old}") as stream:
            assert [delta["object"]["code"] async for delta in deltas(stream)] == [410]


async def fall_behind(api: Api, stream: Any) -> Any:
    """Change an object often while nobody reads `stream`, then return the last delta that it holds."""
    for index in range(40):
        await api.merge(f"{MAPS}/a", {"data": {"x": str(index % 10) * 900_000}})
    last = None
    async for delta in deltas(stream):
        last = delta
    return last


async def test_a_client_that_reads_too_slowly_is_told_to_list_again_and_delays_nobody(
    settings: ApiServerSettings, pki: LocalPki
) -> None:
    few = msgspec.structs.replace(settings, watch=WatchLimits(buffered_changes=10))
    async with ApiServer(few, SystemClock(), Random(1)) as server, make_api(server, pki, 65536) as api:
        start = await revision(api)
        await api.create(MAPS, config_map("a"))
        async with api.watch(f"{MAPS}?watch=true&resourceVersion={start}") as stream:
            last = await fall_behind(api, stream)

    assert (last["type"], last["object"]["code"], last["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_a_client_that_reads_nothing_at_all_is_cut_off(impatient: Api) -> None:
    await impatient.create(MAPS, config_map("a", {"x": "x" * 400_000}))
    start = await revision(impatient)
    async with impatient.watch(f"{MAPS}?watch=true&resourceVersion={start}") as stream:
        while (await impatient("GET", "/metrics")).body.count("kubecapy_apiserver_watches 1"):
            await impatient.merge(f"{MAPS}/a", {"data": {"y": f"{await revision(impatient)}"}})

        with pytest.raises(aiohttp.ClientError):
            await stream.content.read()


async def test_bookmarks_tell_how_far_an_idle_watch_is(impatient: Api) -> None:
    start = await revision(impatient)
    async with impatient.watch(f"{MAPS}?watch=true&resourceVersion={start}&allowWatchBookmarks=true") as stream:
        await impatient.create("/api/v1/namespaces/default/secrets", {"metadata": {"name": "elsewhere"}})
        now = await revision(impatient)
        async for delta in deltas(stream):
            assert (delta["type"], delta["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
            if delta["object"]["metadata"]["resourceVersion"] == now:
                break


async def test_without_asking_there_are_no_bookmarks(impatient: Api) -> None:
    start = await revision(impatient)
    async with impatient.watch(f"{MAPS}?watch=true&resourceVersion={start}&timeoutSeconds=1") as stream:
        assert [delta async for delta in deltas(stream)] == []


async def test_a_line_may_be_longer_than_a_megabyte(api: Api) -> None:
    start = await revision(api)
    await api.create(MAPS, config_map("a", {"x": "y" * 1_000_000, "z": "y" * 48_500}))
    async with api.watch(f"{MAPS}?watch=true&resourceVersion={start}") as stream:
        assert await take(stream, 1) == [("ADDED", "a")]


async def test_two_hundred_watchers_see_the_same_bytes_that_are_made_once(api: Api) -> None:
    start = await revision(api)
    streams = [await api.watch(f"{MAPS}?watch=true&resourceVersion={start}") for _ in range(200)]
    with counted(Change.frame.fget) as counts:
        for name in "abc":
            await api.create(MAPS, config_map(name))
        seen = [await take(stream, 3) for stream in streams]

    assert seen == [[("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]] * 200
    # Once for each change; a stream that is behind may be woken with two.
    assert counts["frame"] < 10
    for stream in streams:
        stream.close()


async def test_clients_that_take_nothing_keep_no_copies_of_everything(
    settings: ApiServerSettings, pki: LocalPki
) -> None:
    megabyte = 2**20
    async with ApiServer(settings, SystemClock(), Random(1)) as server, make_api(server, pki, 65536) as api:
        for number in range(8):
            await api.create(MAPS, config_map(f"big-{number}", {"x": "y" * (megabyte // 2)}))
        tracemalloc.start()
        try:
            async with AsyncExitStack() as streams:
                for _ in range(10):
                    request = api.session.get(f"{api.url}{MAPS}?watch=true", read_bufsize=1024)
                    await streams.enter_async_context(request)
                for _ in range(50):
                    await asyncio.sleep(0)
                held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    assert held < 25 * megabyte, f"10 watches of 4 MB hold {held / megabyte:.0f} MB"
