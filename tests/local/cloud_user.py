"""A member of the cloud's project who makes servers, over plain HTTP: a helper for tests of guests."""

import base64
import ssl
from typing import Any

import aiohttp

from kubecapy.local.guest.servers import CloudAccess

COMPUTE_VERSION = "compute 2.53"


class CloudUser:
    def __init__(self, access: CloudAccess) -> None:
        self._access = access
        self._endpoints: dict[str, str] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "CloudUser":
        context = ssl.create_default_context(cadata=self._access.ca)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
        user = {
            "name": self._access.username,
            "domain": {"name": self._access.domain},
            "password": self._access.password.reveal(),
        }
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"id": self._access.project_id}},
        }
        async with self._session.post(f"{self._access.auth_url}/auth/tokens", json={"auth": auth}) as reply:
            assert reply.status == 201, await reply.text()
            token = await reply.json()
            self._session.headers.update(
                {
                    "X-Auth-Token": reply.headers["X-Subject-Token"],
                    "OpenStack-API-Version": COMPUTE_VERSION,
                }
            )
        for service in token["token"]["catalog"]:
            public = next(entry for entry in service["endpoints"] if entry["interface"] == "public")
            self._endpoints[service["type"]] = public["url"].rstrip("/")
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def call(self, method: str, service: str, path: str, body: Any = None) -> Any:
        assert self._session is not None
        async with self._session.request(method, f"{self._endpoints[service]}{path}", json=body) as reply:
            assert reply.status < 300, f"{method} {path}: {reply.status} {await reply.text()}"
            return await reply.json() if reply.status != 204 and reply.content_type == "application/json" else None

    async def reserve(self, name: str, *, floating: bool) -> tuple[str, str, str]:
        """Return a new port's id, its fixed address and, where wished, a floating address that leads to it."""
        networks = (await self.call("GET", "network", "/v2.0/networks"))["networks"]
        private = next(network for network in networks if not network["router:external"])
        port = (
            await self.call("POST", "network", "/v2.0/ports", {"port": {"name": name, "network_id": private["id"]}})
        )["port"]
        fixed = port["fixed_ips"][0]["ip_address"]
        if not floating:
            return port["id"], fixed, ""
        free = (await self.call("GET", "network", "/v2.0/floatingips"))["floatingips"]
        chosen = next(entry for entry in free if not entry["port_id"])
        path = f"/v2.0/floatingips/{chosen['id']}"
        await self.call("PUT", "network", path, {"floatingip": {"port_id": port["id"]}})
        return port["id"], fixed, chosen["floating_ip_address"]

    async def create_server(self, name: str, port_id: str, user_data: str, image: str = "KVM-Ubt18.04-Srv-x64") -> str:
        images = (await self.call("GET", "image", "/v2/images"))["images"]
        flavors = (await self.call("GET", "compute", "/flavors"))["flavors"]
        server = {
            "name": name,
            "imageRef": next(entry["id"] for entry in images if entry["name"] == image),
            "flavorRef": next(entry["id"] for entry in flavors if entry["name"] == "m1.medium"),
            "networks": [{"port": port_id}],
            "user_data": base64.b64encode(user_data.encode()).decode(),
        }
        return (await self.call("POST", "compute", "/servers", {"server": server}))["server"]["id"]

    async def delete_server(self, server_id: str) -> None:
        await self.call("DELETE", "compute", f"/servers/{server_id}")

    async def console(self, server_id: str) -> str:
        body = {"os-getConsoleOutput": {}}
        return (await self.call("POST", "compute", f"/servers/{server_id}/action", body))["output"]
