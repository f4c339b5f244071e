"""Load a server in five ways and say what it reached; every load leaves what the next one needs."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.machines import COLLECTION, NAMESPACE, machine, machine_definition, status
from benchmarks.measures import Measure, Sample
from benchmarks.process_usage import measure_cpu_seconds
from benchmarks.servers import Server
from benchmarks.wire import Address, Connection, connections, watches
from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.tasks import TaskScope

IN_FLIGHT = 50
CREATES, GETS, PATCHES = 1000, 4000, 1000
LISTS, LISTED = 20, 1000
STREAMS, EVENTS_PER_STREAM = 200, 100
_LISTED_NAMESPACE = "bench-listed"
_MACHINES = COLLECTION.format(namespace=NAMESPACE)
_LISTED = COLLECTION.format(namespace=_LISTED_NAMESPACE)
_JSON = {"Content-Type": "application/json"}
_MERGE = {"Content-Type": "application/merge-patch+json"}


class Load(NamedTuple):
    """One way to load a server: `await load.run(server, round)`."""

    run: Callable[[Server, int], Awaitable[Sample]]


async def prepare(server: Server) -> None:
    """Define the kind, make the namespaces and the objects that are listed."""
    address = server.address
    definition = machine_definition()
    async with connections(address, 1) as (connection,):
        await _create(connection, address, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        for namespace in (NAMESPACE, _LISTED_NAMESPACE):
            await _create(connection, address, "/api/v1/namespaces", {"metadata": {"name": namespace}})
        # A new kind is served by kube-apiserver a moment after its definition was taken.
        while (await connection.send(address.encode("GET", _MACHINES))).status != 200:
            await asyncio.sleep(0.1)
    names = [f"listed-{index}" for index in range(LISTED)]
    async with connections(address, IN_FLIGHT) as opened:
        await _send_all(opened, [_create_request(address, _LISTED, name) for name in names], 201)
        await _send_all(opened, [_patch_request(address, f"{_LISTED}/{name}", 0) for name in names], 200)


async def _run_creates(server: Server, number: int) -> Sample:
    requests = [_create_request(server.address, _MACHINES, f"r{number}-{index}") for index in range(CREATES)]
    return await _measure(server, Measure.CREATE, requests, 201)


async def _run_gets(server: Server, number: int) -> Sample:
    paths = [f"{_MACHINES}/r{number}-{index % CREATES}" for index in range(GETS)]
    return await _measure(server, Measure.GET, [server.address.encode("GET", path) for path in paths], 200)


async def _run_patches(server: Server, number: int) -> Sample:
    paths = [f"{_MACHINES}/r{number}-{index % CREATES}" for index in range(PATCHES)]
    requests = [_patch_request(server.address, path, index) for index, path in enumerate(paths)]
    return await _measure(server, Measure.STATUS, requests, 200)


async def _run_lists(server: Server, _number: int) -> Sample:
    request = server.address.encode("GET", _LISTED)
    async with connections(server.address, 1) as (connection,):
        await connection.send(request)
        with _usage(server) as usage:
            for _ in range(LISTS):
                reply = await connection.send(request)
                _check(reply.status, 200, reply.raw)
    return Sample(Measure.LIST, server.name, usage.seconds / LISTS * 1000, usage.cpu_microseconds / LISTS)


async def _run_fan_out(server: Server, number: int) -> Sample:
    """Patch statuses and measure until every stream has seen all of it; the patches' own CPU is in the figure.

    Only events that arrived count: a server may end a stream that it finds too slow.
    """
    address = server.address
    async with connections(address, 1) as (connection,):
        # Nothing is selected: kube-apiserver names the revision of a list behind its items, which have their own.
        listed = (await connection.send(address.encode("GET", f"{_MACHINES}?labelSelector=none"))).raw
    revision = listed.partition(b'"resourceVersion":"')[2].partition(b'"')[0].decode()
    watch = address.encode("GET", f"{_MACHINES}?watch=true&resourceVersion={revision}")
    paths = [f"{_MACHINES}/r{number}-{index}" for index in range(EVENTS_PER_STREAM)]
    requests = [_patch_request(address, path, PATCHES + index) for index, path in enumerate(paths)]
    async with (
        connections(address, IN_FLIGHT) as opened,
        watches(address, watch, STREAMS, b'{"type":"MODIFIED"', EVENTS_PER_STREAM) as streams,
    ):
        with _usage(server) as usage:
            await _send_all(opened, requests, 200)
            for stream in streams:
                await stream.done
    events = sum(stream.seen for stream in streams)
    if events < STREAMS * EVENTS_PER_STREAM:
        print(
            f".. {server.name} ended streams early: {events} of {STREAMS * EVENTS_PER_STREAM} events", file=sys.stderr
        )
    return Sample(Measure.FAN_OUT, server.name, events / usage.seconds, usage.cpu_microseconds / events)


LOADS: Sequence[Load] = tuple(map(Load, (_run_creates, _run_gets, _run_patches, _run_lists, _run_fan_out)))


class _Usage:
    seconds = 0.0
    cpu_microseconds = 0.0


@contextmanager
def _usage(server: Server) -> Iterator[_Usage]:
    usage = _Usage()
    cpu, began = measure_cpu_seconds(server.pids), time.perf_counter()
    yield usage
    usage.seconds = time.perf_counter() - began
    usage.cpu_microseconds = (measure_cpu_seconds(server.pids) - cpu) * 1e6


async def _measure(server: Server, measure: Measure, requests: Sequence[bytes], expected: int) -> Sample:
    async with connections(server.address, IN_FLIGHT) as opened:
        with _usage(server) as usage:
            await _send_all(opened, requests, expected)
    count = len(requests)
    return Sample(measure, server.name, count / usage.seconds, usage.cpu_microseconds / count)


async def _send_all(opened: Sequence[Connection], requests: Iterable[bytes], expected: int) -> None:
    """Send all `requests`, each on the first connection that is free."""
    left = iter(requests)

    async def work(connection: Connection) -> None:
        for request in left:
            reply = await connection.send(request)
            _check(reply.status, expected, reply.raw)

    async with TaskScope("load") as scope:
        for index, connection in enumerate(opened):
            scope.start(work(connection), name=str(index))


async def _create(connection: Connection, address: Address, path: str, obj: JsonObject) -> None:
    reply = await connection.send(address.encode("POST", path, encode(obj), _JSON))
    _check(reply.status, 201, reply.raw)


def _create_request(address: Address, collection: str, name: str) -> bytes:
    return address.encode("POST", collection, encode(machine(name)), _JSON)


def _patch_request(address: Address, path: str, revision: int) -> bytes:
    return address.encode("PATCH", f"{path}/status", encode(status(revision)), _MERGE)


def _check(status_: int, expected: int, raw: bytes) -> None:
    if status_ != expected:
        raise SystemExit(f"expected {expected}, got {raw.decode(errors='replace')}")
