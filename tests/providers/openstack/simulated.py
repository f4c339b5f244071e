"""Put the provider into a whole system on virtual time, in a cloud of this process."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import requests
from keystoneauth1.exceptions import (
    ClientException,
    ConnectFailure,
    ConnectionError,  # noqa: A004 - keystoneauth's
    ConnectTimeout,
    DiscoveryFailure,
    HttpError,
    InvalidResponse,
    from_response,
)
from tests.providers.openstack.core_cloud import ROOTS
from tests.providers.openstack.machines import make_cluster, make_machine

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine
from kubecapy.api.core import SECRETS, Secret, encode_secret_data
from kubecapy.apimachinery.meta import ObjectMeta, key_of
from kubecapy.client.wire import object_body
from kubecapy.clock import Clock
from kubecapy.contract.actuators import SecretReader
from kubecapy.contract.errors import Unavailable
from kubecapy.contract.provider import Actuators
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.devcloud.messages import Query, Request, Response
from kubecapy.devcloud.seed import PROJECT
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.actuators.observer import OpenStackInstanceObserver
from kubecapy.providers.openstack.cloud.failures import login_error
from kubecapy.providers.openstack.cloud.identity import CloudIdentity, CloudsFile, read_identity
from kubecapy.providers.openstack.cloud.sdk import CONNECTIONS, TIMEOUT_SECONDS
from kubecapy.providers.openstack.cloud.transport import Call, Reply
from kubecapy.providers.openstack.services.projects import CLOUDS_FILE_NAME, Projects
from kubecapy.telemetry.secrets import Secret as TelemetrySecret
from kubecapy.testing.guests import Host
from kubecapy.testing.simulated_cloud import CloudPlan, SimulatedCloud
from kubecapy.testing.virtual_time import VirtualClock
from kubecapy.testing.whole_system import SystemParts, WholeSystem

TOKENS = "/identity/v3/auth/tokens"
CREDENTIALS = "cloud-credentials"
"""The Secret that the machines of a simulated system name as their `cloudsSecret`."""
CLOUDS = """
clouds:
  openstack:
    auth:
      auth_url: https://cloud/identity/v3
      username: capi
      password: {password}
      project_id: {project}
      user_domain_name: ibm
"""
NAMED = {"cloudsSecret": {"name": CREDENTIALS, "namespace": "default"}, "cloudName": "openstack"}
RENEWED_BEFORE_THE_END = timedelta(minutes=2)
"""As keystoneauth does: `BaseIdentityPlugin.MIN_TOKEN_LIFE_SECONDS`."""


class _Token(msgspec.Struct, frozen=True):
    id: str
    ends: datetime
    project_id: str


class SimulatedTransport:
    """Sends what `SdkTransport` sends, to a cloud in this process.

    One discovery of Keystone, one login for all who wait for it, no question for any service's versions, one more
    login where a token is refused, eight calls at once, an end after a minute. `test_simulated` compares the two.
    """

    def __init__(self, cloud: SimulatedCloud, identity: CloudIdentity, clock: Clock) -> None:
        self._cloud = cloud
        self._identity = identity
        self._auth = identity.entry.reveal()["auth"]
        self._clock = clock
        self._threads = asyncio.Semaphore(CONNECTIONS)
        self._login = asyncio.Lock()
        self._discovered = False
        self._token: _Token | None = None

    async def request(self, call: Call) -> Reply:
        async with self._threads:
            token = await self._current(call.doing)
            reply = await self._exchange(call, token)
            if reply.status != 401:
                return reply
            if self._token == token:
                self._token = None
            return await self._exchange(call, await self._current(call.doing))

    async def project_id(self) -> str:
        async with self._threads:
            return (await self._current("logging in")).project_id

    async def close(self) -> None:
        return

    async def _current(self, doing: str) -> _Token:
        async with self._login:
            if self._token is None or self._token.ends - RENEWED_BEFORE_THE_END <= self._clock.now():
                self._token = await self._log_in(doing)
            return self._token

    async def _log_in(self, doing: str) -> _Token:
        try:
            if not self._discovered:
                await self._discover()
                self._discovered = True
            answer = await self._ask_identity(Request("POST", TOKENS, body=self._credentials()))
        except ClientException as error:
            raise login_error(error, doing, self._identity) from error
        token = msgspec.json.decode(answer.body)["token"]
        ends = datetime.fromisoformat(token["expires_at"])
        return _Token(_headers(answer)["x-subject-token"], ends, token["project"]["id"])

    async def _discover(self) -> None:
        try:
            await self._ask_identity(Request("GET", "/identity/v3"))
        except (HttpError, ConnectionError, InvalidResponse) as error:
            raise DiscoveryFailure(f"Could not find versioned identity endpoints. {error}") from error

    def _credentials(self) -> bytes:
        auth = self._auth
        user = {"name": auth["username"], "domain": {"name": auth["user_domain_name"]}, "password": auth["password"]}
        identity = {"methods": ["password"], "password": {"user": user}}
        return msgspec.json.encode({"auth": {"identity": identity, "scope": {"project": {"id": auth["project_id"]}}}})

    async def _ask_identity(self, request: Request) -> Response:
        """Return Keystone's answer; all else is what keystoneauth raises for it."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._cloud.answer(request)
        except TimeoutError as error:
            raise ConnectTimeout(f"Request to https://cloud{request.path} timed out") from error
        if answer is None:
            raise ConnectFailure(f"Unable to establish connection to https://cloud{request.path}")
        found = requests.Response()
        found.status_code = answer.status
        found.headers.update(_headers(answer))
        found._content = answer.body  # What requests' own adapter sets.
        if answer.status >= 400:
            raise from_response(found, request.method, f"https://cloud{request.path}")
        try:
            msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidResponse(response=found) from error
        return answer

    async def _exchange(self, call: Call, token: _Token) -> Reply:
        headers = {"x-auth-token": token.id} | {name.lower(): value for name, value in call.headers.items()}
        if call.microversion:
            headers["openstack-api-version"] = f"{call.service} {call.microversion}"
        body = call.body.reveal() if call.body else b""
        request = Request(call.method, ROOTS[call.service] + call.path, Query(call.query), headers, body)
        answer = await self._send(call.doing, request)
        return Reply(answer.status, _headers(answer), answer.body)

    async def _send(self, doing: str, request: Request) -> Response:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._cloud.answer(request)
        except TimeoutError as error:
            raise Unavailable(f"{doing}: https://cloud did not answer in time") from error
        if answer is None:
            raise Unavailable(f"{doing}: https://cloud cannot be reached: the connection broke")
        return answer


class Simulation(WholeSystem):
    """A whole system with the provider `openstack`, and its cloud."""

    def __init__(self, plan: CloudPlan, settings: ControllerSettings | None = None, seed: int = 1) -> None:
        clock = VirtualClock()
        self.cloud = SimulatedCloud(clock, plan)
        self._executor = ThreadPoolExecutor(1)
        parts = SystemParts(
            open_actuators=self.open_actuators, hosts=self._hosts, settings=settings or ControllerSettings(), seed=seed
        )
        super().__init__(clock, parts)
        self.store_credentials(self.cloud.password.reveal())

    def store_credentials(self, password: str) -> None:
        """Store the Secret that machines and clusters name; again with another password where it is there."""
        secret = Secret(
            metadata=ObjectMeta(name=CREDENTIALS, namespace="default"),
            data=encode_secret_data({CLOUDS_FILE_NAME: clouds_yaml(password)}),
        )
        if self.api.store.find(SECRETS, key_of(secret)) is None:
            self.api.put(SECRETS, secret)
        else:
            self.api.store.update(SECRETS, key_of(secret), object_body(SECRETS, secret))

    @asynccontextmanager
    async def open_actuators(self, secrets: SecretReader) -> AsyncIterator[Actuators]:
        """Open the provider as a process of controllers does."""
        projects = Projects(
            self.clock,
            secrets,
            {},
            self._executor,
            lambda identity: SimulatedTransport(self.cloud, identity, self.clock),
        )
        yield Actuators(
            cluster=OpenStackClusterActuator(projects),
            machine=OpenStackMachineActuator(projects),
            observer=OpenStackInstanceObserver(projects),
        )
        await projects.close()

    def _hosts(self, known: Container[str]) -> Iterator[Host]:
        for server in self.cloud.running_servers():
            provider_id = f"openstack:///{server.id}"
            if provider_id not in known:
                yield Host(server.name, provider_id, b64decode(server.user_data or ""))


def clouds_yaml(password: str) -> str:
    return CLOUDS.format(password=password, project=PROJECT.id)


def identity_in(cloud: SimulatedCloud) -> CloudIdentity:
    """Return the identity of the cloud's member."""
    content = TelemetrySecret(clouds_yaml(cloud.password.reveal()).encode())
    return read_identity(CloudsFile("the test", content), "openstack")


def a_cluster(name: str = "test1", namespace: str = "default") -> Cluster:
    return make_cluster(name, namespace, NAMED)


def a_machine(name: str, namespace: str = "default", *, control_plane: bool = False, **changes: Any) -> Machine:
    machine = make_machine(name, namespace, **NAMED, **changes)
    if not control_plane:
        return machine
    versions = msgspec.structs.replace(machine.spec.versions, control_plane="1.14.0")
    return msgspec.structs.replace(machine, spec=msgspec.structs.replace(machine.spec, versions=versions))


def _headers(answer: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers}
