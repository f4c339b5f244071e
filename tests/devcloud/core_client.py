"""Call the cloud's core as a plain function, at times that the test chooses."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from kubecapy.devcloud import seed
from kubecapy.devcloud.assembly import assemble_cloud
from kubecapy.devcloud.cloud import Cloud
from kubecapy.devcloud.messages import Query, Request, Response
from kubecapy.devcloud.settings import DevCloudSettings, Timing

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BASE_URL = "https://cloud.test"
IMAGE_ID = next(iter(seed.IMAGE_NAMES))
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINHxWN5gFZgEQhC0RLbhVZ0jcZxXR2eXJvQ6vBLWIE2h somebody"


@dataclass
class Consoles:
    """Serial consoles held in memory."""

    texts: dict[str, str] = field(default_factory=dict)

    def read(self, server_id: str) -> str:
        return self.texts.get(server_id, "")


@dataclass(frozen=True)
class Reply:
    """What a call brought: status, decoded JSON, headers with lower-case names."""

    status: int
    json: Any
    headers: dict[str, str]

    @property
    def message(self) -> str:
        """The sentence of an error, whichever service said it."""
        return next(iter(self.json.values()))["message"]


def reply_of(response: Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers}
    is_json = headers.get("content-type") == "application/json"
    body = msgspec.json.decode(response.body) if is_json else response.body.decode()
    return Reply(response.status, body, headers)


@dataclass
class CoreClient:
    """One caller with a token; time stands still until `wait`."""

    cloud: Cloud
    access: seed.Access
    consoles: Consoles
    now: datetime = START
    token: str = ""
    microversion: str = "2.96"

    @classmethod
    def fresh(cls, **settings: Any) -> "CoreClient":
        consoles = Consoles()
        chosen = DevCloudSettings(state_dir=Path("unused"), **{"timing": Timing(2.0, 0.2, 1.0, 0.5), **settings})
        cloud, access = assemble_cloud(
            chosen,
            Random(7),
            consoles,
            BASE_URL,
            START,
        )
        client = cls(cloud, access, consoles)
        client.log_in()
        return client

    def log_in(self) -> None:
        self.token = self._log_in(seed.MEMBER_USER_ID, self.access.member.reveal(), seed.PROJECT.id)

    def as_admin(self) -> "CoreClient":
        """Return a second caller of the same cloud, its administrator."""
        admin = CoreClient(self.cloud, self.access, self.consoles, self.now)
        admin.token = admin._log_in(seed.ADMIN_USER_ID, self.access.admin.reveal(), seed.ADMIN_PROJECT.id)
        return admin

    def _log_in(self, user_id: str, password: str, project_id: str) -> str:
        reply = self.call("POST", "/identity/v3/auth/tokens", login_body(user_id, password, project_id))
        assert reply.status == 201, reply.json
        return reply.headers["x-subject-token"]

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def call(self, method: str, url: str, body: Any = None, **headers: str) -> Reply:
        parts = urlsplit(url)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(
            method=method,
            path=parts.path,
            query=Query(tuple(parse_qsl(parts.query, keep_blank_values=True))),
            headers={
                "x-auth-token": self.token,
                "openstack-api-version": f"compute {self.microversion}",
                "user-agent": "test",
                **named,
            },
            body=b"" if body is None else msgspec.json.encode(body),
        )
        return reply_of(self.cloud.handle(request, self.now))

    def get(self, url: str, **headers: str) -> Any:
        reply = self.call("GET", url, **headers)
        assert reply.status == 200, reply.json
        return reply.json

    def network(self, method: str, url: str, body: Any = None) -> Reply:
        return self.call(method, f"/networking/v2.0/{url}", body)

    def compute(self, method: str, url: str, body: Any = None) -> Reply:
        return self.call(method, f"/compute/v2.1/{url}", body)

    def make_port(self, **values: Any) -> Any:
        reply = self.network("POST", "ports", {"port": {"network_id": seed.NETWORK_ID, **values}})
        assert reply.status == 201, reply.json
        return reply.json["port"]

    def make_server(self, name: str = "server", **values: Any) -> Any:
        reply = self.try_server(name, **values)
        assert reply.status == 202, reply.json
        return reply.json["server"]

    def try_server(self, name: str = "server", **values: Any) -> Reply:
        wish = {"name": name, "flavorRef": "2", "imageRef": IMAGE_ID, "networks": [{"uuid": seed.NETWORK_ID}], **values}
        return self.compute("POST", "servers", {"server": {k: v for k, v in wish.items() if v is not None}})

    def server(self, server_id: str) -> Any:
        return self.get(f"/compute/v2.1/servers/{server_id}")["server"]

    def port(self, port_id: str) -> Any:
        return self.get(f"/networking/v2.0/ports/{port_id}")["port"]

    def floating_ip(self, number: int = 0) -> Any:
        return self.get(f"/networking/v2.0/floatingips/{seed.floating_ip_id(number)}")["floatingip"]

    def associate(self, port_id: str | None, number: int = 0) -> Reply:
        return self.network("PUT", f"floatingips/{seed.floating_ip_id(number)}", {"floatingip": {"port_id": port_id}})


def login_body(user_id: str, password: str, project_id: str) -> Any:
    identity = {"methods": ["password"], "password": {"user": {"id": user_id, "password": password}}}
    return {"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}
