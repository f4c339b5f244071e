"""Send raw requests to an API server, and look at raw replies."""

import asyncio
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: dict[str, str]
    warnings: tuple[str, ...] = ()
    """Every Warning header, of which `headers` keeps one."""


@dataclass(frozen=True)
class Api:
    """Sends raw requests as the administrator."""

    session: aiohttp.ClientSession
    url: str

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        type_: str = "application/json",
        accept: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        headers = {"Accept": accept, **(headers or {})} if accept else dict(headers or {})
        data = None
        if body is not None:
            # A stream, because aiohttp warns of large bodies that are bytes.
            data = io.BytesIO(body if isinstance(body, bytes) else msgspec.json.encode(body))
            headers["Content-Type"] = type_
        async with self.session.request(method, self.url + path, data=data, headers=headers) as response:
            text = await response.read()
            is_json = text and "json" in response.headers.get("Content-Type", "")
            body = json.loads(text) if is_json else text.decode()
            warnings = tuple(response.headers.getall("Warning", ()))
            return Reply(response.status, body, dict(response.headers), warnings)

    async def get(self, path: str, **options: Any) -> Any:
        reply = await self("GET", path, **options)
        assert reply.status == 200, reply.body
        return reply.body

    async def create(self, path: str, obj: Any) -> Any:
        reply = await self("POST", path, obj)
        assert reply.status == 201, reply.body
        return reply.body

    async def merge(self, path: str, patch: Any) -> Any:
        reply = await self("PATCH", path, patch, type_="application/merge-patch+json")
        assert reply.status == 200, reply.body
        return reply.body

    async def delete(self, path: str, options: Any = None) -> Any:
        reply = await self("DELETE", path, options)
        assert reply.status == 200, reply.body
        return reply.body

    async def gone(self, path: str) -> None:
        """Wait until nothing is at `path`."""
        async with asyncio.timeout(10):
            while (await self("GET", path)).status != 404:
                await asyncio.sleep(0.005)

    def watch(self, path: str) -> Any:
        return self.session.get(self.url + path, timeout=aiohttp.ClientTimeout(sock_read=60), read_bufsize=2**22)
