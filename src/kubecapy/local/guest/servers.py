"""See the servers of an OpenStack cloud as its administrator does: which run, with what addresses and user data.

Only the public APIs are used (Keystone v3, Nova, Glance), so devcloud and a real cloud serve alike.
"""

import base64
import binascii
import ssl
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
import yaml

from kubecapy.local.guest.facts import ServerFacts
from kubecapy.telemetry.secrets import Secret

COMPUTE_MICROVERSION = "compute 2.53"
"""Shows the flavor's name and figures inside the server (from 2.47 on) and the user data (from 2.3 on, to admins)."""
REQUEST_SECONDS = 30.0
USER_AGENT = "kubecapy-guests"


class CloudUnavailable(Exception):
    """The cloud did not answer, or refused; the message says what was asked and what came back."""


class CloudAccess(msgspec.Struct, frozen=True):
    """How the administrator reaches a cloud, from clouds.yaml."""

    auth_url: str
    username: str
    password: Secret[str]
    project_id: str
    domain: str
    ca: str = ""
    """PEM of the cloud's authority; the machine's own trust store where empty."""
    region: str = ""


class ServerView(msgspec.Struct, frozen=True):
    """One server as the cloud shows it."""

    facts: ServerFacts
    status: str
    """Nova's status, such as `ACTIVE` or `BUILD`."""
    user_data: bytes = b""

    def __repr__(self) -> str:
        """Show no user data."""
        return f"ServerView({self.facts.server_id}, {self.status})"


def read_access(clouds_yaml: Path, cloud: str) -> CloudAccess:
    """Return the access that `cloud` in a clouds.yaml describes: a password, scoped to a project by id.

    Raises:
        ValueError: the file lacks the cloud or one of its entries.
    """
    document = yaml.safe_load(clouds_yaml.read_text()) or {}
    entry = (document.get("clouds") or {}).get(cloud)
    if entry is None:
        raise ValueError(f"{clouds_yaml} has no cloud {cloud}")
    auth = entry.get("auth") or {}
    missing = [name for name in ("auth_url", "username", "password", "project_id") if not auth.get(name)]
    if missing:
        raise ValueError(f"{clouds_yaml}: cloud {cloud} has no auth.{missing[0]}")
    ca = Path(entry["cacert"]).read_text() if entry.get("cacert") else ""
    return CloudAccess(
        auth_url=auth["auth_url"].rstrip("/"),
        username=auth["username"],
        password=Secret(auth["password"]),
        project_id=auth["project_id"],
        domain=auth.get("user_domain_name", "Default"),
        ca=ca,
        region=entry.get("region_name", ""),
    )


class Servers:
    """Lists servers of all projects; open it with `async with`."""

    def __init__(self, access: CloudAccess) -> None:
        """Keep the access; nothing is asked yet."""
        self._access = access
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._endpoints: Mapping[str, str] = {}
        self._images: dict[str, str] = {}
        self._keys: dict[tuple[str, str], str] = {}

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        context = ssl.create_default_context(cadata=self._access.ca or None)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            headers={"User-Agent": USER_AGENT},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        if self._session is not None:
            await self._session.close()

    async def list(self) -> Sequence[ServerView]:
        """Return all servers.

        Raises:
            CloudUnavailable: the cloud does not answer or refuses.
        """
        reply = await self._get("compute", "/servers/detail", {"all_tenants": "True"})
        return [await self._view(server) for server in reply["servers"]]

    async def _view(self, server: Mapping[str, Any]) -> ServerView:
        flavor = server.get("flavor") or {}
        facts = ServerFacts(
            server_id=server["id"],
            name=server["name"],
            fixed_addresses=_addresses(server, "fixed"),
            floating_addresses=_addresses(server, "floating"),
            image=await self._image_name(server),
            flavor=flavor.get("original_name", ""),
            vcpus=int(flavor.get("vcpus", 1)),
            ram_mib=int(flavor.get("ram", 2048)),
            availability_zone=server.get("OS-EXT-AZ:availability_zone") or "nova",
            region=self._access.region,
            project_id=server.get("tenant_id", ""),
            metadata=server.get("metadata") or {},
            public_keys=await self._public_keys(server),
        )
        return ServerView(facts, server["status"], _user_data(server))

    async def _image_name(self, server: Mapping[str, Any]) -> str:
        image = server.get("image") or {}
        image_id = image.get("id", "") if isinstance(image, Mapping) else ""
        if image_id and image_id not in self._images:
            self._images[image_id] = (await self._get("image", f"/v2/images/{image_id}", {})).get("name", "")
        return self._images.get(image_id, "")

    async def _public_keys(self, server: Mapping[str, Any]) -> Mapping[str, str]:
        name, user = server.get("key_name"), server.get("user_id", "")
        if not name:
            return {}
        if (user, name) not in self._keys:
            try:
                reply = await self._get("compute", f"/os-keypairs/{name}", {"user_id": user})
            except CloudUnavailable:
                # The key pair may be gone by now; the server goes on without it.
                return {}
            self._keys[user, name] = reply["keypair"]["public_key"]
        return {name: self._keys[user, name]}

    async def _get(self, service: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:  # Any: JSON
        if not self._token:
            await self._authenticate()
        status, body = await self._ask(service, path, query)
        if status == HTTPStatus.UNAUTHORIZED:
            await self._authenticate()
            status, body = await self._ask(service, path, query)
        if status != HTTPStatus.OK:
            raise CloudUnavailable(f"{service} answered {status} to GET {path}")
        return body

    async def _ask(self, service: str, path: str, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        headers = {"X-Auth-Token": self._token, "OpenStack-API-Version": COMPUTE_MICROVERSION}
        url = f"{self._endpoints[service]}{path}"
        try:
            async with self._open.get(url, params=query, headers=headers) as reply:
                return reply.status, await reply.json(content_type=None) or {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise CloudUnavailable(f"GET {url}: {error or 'no answer in time'}") from error

    async def _authenticate(self) -> None:
        access = self._access
        user = {
            "name": access.username,
            "domain": {"name": access.domain},
            "password": access.password.reveal(),
        }
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"id": access.project_id}},
            }
        }
        url = f"{access.auth_url}/auth/tokens"
        try:
            async with self._open.post(url, json=body) as reply:
                if reply.status != HTTPStatus.CREATED:
                    raise CloudUnavailable(f"identity answered {reply.status} to a log-in of {access.username}")
                self._token = reply.headers["X-Subject-Token"]
                self._endpoints = _endpoints(await reply.json(), access.region)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CloudUnavailable(f"POST {url}: {error or 'no answer in time'}") from error

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise AssertionError("servers are listed inside `async with`")
        return self._session


def _endpoints(token: Mapping[str, Any], region: str) -> Mapping[str, str]:
    """Return the public endpoints of the catalog by service type."""
    found: dict[str, str] = {}
    for service in token["token"].get("catalog") or ():
        for endpoint in service["endpoints"]:
            if endpoint["interface"] == "public" and region in ("", endpoint.get("region")):
                found[service["type"]] = endpoint["url"].rstrip("/")
    return found


def _addresses(server: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    entries = [entry for network in (server.get("addresses") or {}).values() for entry in network]
    return tuple(entry["addr"] for entry in entries if entry.get("OS-EXT-IPS:type", "fixed") == kind)


def _user_data(server: Mapping[str, Any]) -> bytes:
    encoded = server.get("OS-EXT-SRV-ATTR:user_data") or ""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
