"""Serve one list and one watch of Machines as fast as they are taken, so that a client alone is measured.

    GET .../machines                 everything, page by page
    GET .../machines?watch=true      after SIGUSR1: a change of each object, in turn, until the wanted number is sent

Everything is encoded before it is asked for. Prints its port.
"""

import argparse
import asyncio
import signal
import ssl
from collections.abc import Sequence
from pathlib import Path

import msgspec
from aiohttp import web

from benchmarks.machines import NAMESPACE, machine, status
from kubecapy.apimachinery.codec import encode
from kubecapy.daemons.process import run_process

_PIECE_EVENTS = 16
"""Events that are written together, 60 KB: what a busy server's watch sends at once."""


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pki", type=Path)
    parser.add_argument("--objects", type=int, required=True)
    parser.add_argument("--events", type=int, required=True)
    arguments = parser.parse_args()
    run_process(_serve(_Script(arguments.objects, arguments.events), _tls(arguments.pki)))


class _Script:
    def __init__(self, objects: int, events: int) -> None:
        self._items = [_stored(index, 1) for index in range(objects)]
        self._pieces = list(_pieces([_stored(index % objects, index + 2) for index in range(events)]))
        self.begin = asyncio.Event()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        return await self._watch(request) if "watch" in request.query else self._page(request)

    def _page(self, request: web.BaseRequest) -> web.Response:
        first, limit = int(request.query.get("continue") or 0), int(request.query.get("limit", len(self._items)))
        last = first + limit
        metadata = {"resourceVersion": "1", "continue": str(last) if last < len(self._items) else ""}
        items = [msgspec.Raw(item) for item in self._items[first:last]]
        body = {"apiVersion": "cluster.k8s.io/v1alpha1", "kind": "MachineList", "metadata": metadata, "items": items}
        return web.Response(body=encode(body), headers={"Content-Type": "application/json"})

    async def _watch(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await self.begin.wait()
        for piece in self._pieces:
            await response.write(piece)
        await asyncio.Event().wait()
        return response


def _stored(index: int, revision: int) -> bytes:
    obj = machine(f"machine-{index:05}")
    obj |= status(revision)
    obj["metadata"] |= {
        "namespace": NAMESPACE,
        "uid": f"00000000-0000-4000-8000-{index:012}",
        "resourceVersion": str(revision),
        "generation": 1,
        "creationTimestamp": "2026-11-28T12:00:00Z",
    }
    return encode(obj)


def _pieces(objects: Sequence[bytes]) -> list[bytes]:
    frames = [b'{"type":"MODIFIED","object":%s}\n' % obj for obj in objects]
    return [b"".join(frames[first : first + _PIECE_EVENTS]) for first in range(0, len(frames), _PIECE_EVENTS)]


def _tls(pki: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
    return context


async def _serve(script: _Script, tls: ssl.SSLContext) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, script.begin.set)
    server = await loop.create_server(web.Server(script.handle), "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
