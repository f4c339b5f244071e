"""Send calls through openstacksdk: its configuration, its authentication, and its HTTP session.

The SDK blocks, so its calls run on threads; all that it would retry or discover at each call is switched off. One
login and one catalog serve all calls of an identity.
"""

import re
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from kubecapy import __version__
from kubecapy.apimachinery.fields import nearest_name
from kubecapy.contract.errors import PermissionDenied
from kubecapy.providers.openstack.cloud.identity import CloudIdentity
from kubecapy.providers.openstack.cloud.transport import Call, Reply, Service
from kubecapy.tasks import run_blocking

if TYPE_CHECKING:
    from keystoneauth1.access import AccessInfo
    from keystoneauth1.identity import BaseIdentityPlugin
    from keystoneauth1.session import Session
    from openstack.config.cloud_region import CloudRegion

CONNECTIONS: Final = 8
"""Threads and connections: beyond about ten the SDK's own use of the processor is the limit, not the waiting."""
TIMEOUT_SECONDS: Final = 60.0
"""How long one call may take before the cloud counts as silent."""

_VERSION_PATHS: Final[Mapping[Service, str]] = {
    "compute": "/v2.1",
    "network": "/v2.0",
    "image": "/v2",
    "block-storage": "/v3",
}


class SdkTransport:
    """Sends calls on threads, with one session for the whole identity."""

    def __init__(
        self, identity: CloudIdentity, executor: Executor, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        """Prepare for `identity`; the SDK is imported and the cloud is asked at the first call."""
        self._executor = executor
        self._connection = _Connection(identity, timeout_seconds)

    async def request(self, call: Call) -> Reply:
        """Send `call` and return the answer, whatever its status."""
        return await run_blocking(self._executor, lambda: self._connection.send(call))

    async def project_id(self) -> str:
        """Return the id of the project; logs in where needed."""
        return await run_blocking(self._executor, self._connection.project_id)

    async def close(self) -> None:
        """Close idle connections and remove the CA's file; calls under way still end."""
        self._connection.close()  # Not on a thread: all of them may be waiting for a silent cloud.


class _Connection:
    """Is what the threads share; every method blocks and may run on several threads at once."""

    def __init__(self, identity: CloudIdentity, timeout_seconds: float) -> None:
        self._identity = identity
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._region: CloudRegion | None = None
        self._session: Session | None = None
        self._auth: BaseIdentityPlugin | None = None
        self._written_ca: Path | None = None
        self._endpoints: dict[Service, str] = {}

    def send(self, call: Call) -> Reply:
        token = self._access(call.doing).auth_token
        reply = self._exchange(call, token)
        if reply.status != 401:
            return reply
        self._forget(token)
        return self._exchange(call, self._access(call.doing).auth_token)

    def project_id(self) -> str:
        project = self._access("logging in").project_id
        if not project:
            raise PermissionDenied(
                f'cloud "{self._identity.name}" in {self._identity.source} names no project; '
                'set "auth.project_id" or "auth.project_name"'
            )
        return str(project)

    def close(self) -> None:
        with self._lock:
            session, path = self._session, self._written_ca
            self._session = self._region = self._written_ca = None
        if session is not None:
            session.session.close()
        if path is not None:
            path.unlink(missing_ok=True)

    def _exchange(self, call: Call, token: str | None) -> Reply:
        from keystoneauth1.exceptions import ClientException

        from kubecapy.providers.openstack.cloud.failures import connection_error

        session = self._open()
        headers = {"Accept": "application/json", "X-Auth-Token": token or "", **call.headers}
        if call.microversion:
            headers["OpenStack-API-Version"] = f"{call.service} {call.microversion}"
        body: dict[str, Any] = {}  # Any: keyword arguments of requests
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            body["data"] = call.body.reveal()
        try:
            answer = session.request(
                self._endpoint(call) + call.path,
                call.method,
                authenticated=False,
                headers=headers,
                params=list(call.query),
                raise_exc=False,
                redirect=False,
                connect_retries=0,
                status_code_retries=0,
                log=False,  # A debug line would hold user data.
                **body,
            )
        except ClientException as error:
            raise connection_error(error, call.doing, self._identity) from error
        return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)

    def _open(self) -> "Session":
        """Return the session; builds it, without a call, the first time."""
        with self._lock:
            if self._session is None:
                self._region = self._read_region()
                self._auth = self._check_auth(self._region)
                self._session = self._make_session(self._region)
            return self._session

    def _access(self, doing: str) -> "AccessInfo":
        """Return the current token and catalog; logs in where there is none or it ends within two minutes."""
        from keystoneauth1.exceptions import ClientException

        from kubecapy.providers.openstack.cloud.failures import login_error

        session, auth = self._open(), self._auth
        assert auth is not None, "opening a session sets it"  # noqa: S101 - an invariant
        try:
            return auth.get_access(session)
        except ClientException as error:
            raise login_error(error, doing, self._identity) from error

    def _forget(self, token: str | None) -> None:
        """Drop `token` after a 401; many threads may report the same one, and only the first makes a new login."""
        with self._lock:
            auth = self._auth
            if auth is not None and auth.auth_ref is not None and auth.auth_ref.auth_token == token:
                auth.invalidate()

    def _endpoint(self, call: Call) -> str:
        """Return the versioned root of the service, from the configuration or else the catalog, without a call."""
        known = self._endpoints.get(call.service)
        if known is not None:
            return known
        region = self._region
        assert region is not None, "a session was opened first"  # noqa: S101 - an invariant
        found = region.get_endpoint(call.service) or self._look_up(region, call)
        self._endpoints[call.service] = _versioned(str(found), call.service)
        return self._endpoints[call.service]

    def _look_up(self, region: "CloudRegion", call: Call) -> str | None:
        """Return the catalog's root of the service.

        Raises:
            PermissionDenied: it is in several regions, and none is named: the first one may be anybody's.
        """
        catalog = self._access(call.doing).service_catalog
        interface, region_name = region.get_interface(call.service), region.get_region_name(call.service) or None
        if region_name is None:
            found = catalog.get_endpoints_data(service_type=call.service, interface=interface)
            regions = sorted({endpoint.region_name or "" for group in found.values() for endpoint in group})
            if len(regions) > 1:
                raise PermissionDenied(
                    f'{call.doing}: cloud "{self._identity.name}" in {self._identity.source} names no "region_name", '
                    f"and its catalog has {', '.join(regions)}"
                )
        return catalog.url_for(service_type=call.service, interface=interface, region_name=region_name)

    def _read_region(self) -> "CloudRegion":
        from keystoneauth1.exceptions import ClientException
        from openstack.config import OpenStackConfig
        from openstack.exceptions import SDKException

        identity = self._identity
        files: list[str] = []
        loader = OpenStackConfig(
            config_files=files,
            vendor_files=files,
            secure_files=files,
            load_envvars=False,
            app_name="kubecapy",
            app_version=__version__,
        )
        loader.cloud_config["clouds"] = {identity.name: identity.entry.reveal()}
        try:
            region = loader.get_one(identity.name)
        except (SDKException, ClientException) as error:
            raise PermissionDenied(f'cloud "{identity.name}" in {identity.source} cannot be used: {error}') from error
        except TypeError as error:
            raise self._about_fields(error) from error
        return region

    def _check_auth(self, region: "CloudRegion") -> "BaseIdentityPlugin":
        """Return the login of `region`; kinds that know no catalog and no project cannot serve us."""
        from keystoneauth1.identity import BaseIdentityPlugin

        auth = region.get_auth()
        if not isinstance(auth, BaseIdentityPlugin):
            raise self._no_project(str(region.config.get("auth_type")))
        return auth

    def _no_project(self, kind: str) -> PermissionDenied:
        return PermissionDenied(
            f'cloud "{self._identity.name}" in {self._identity.source} has "auth_type" {kind}, '
            "which logs in to no project; use a password, a token or an application credential"
        )

    def _about_fields(self, error: TypeError) -> PermissionDenied:
        """Say what a plugin's Python says of `auth`, all of which the SDK hands to it."""
        from keystoneauth1.identity import BaseIdentityPlugin
        from keystoneauth1.loading import BaseLoader, get_plugin_loader

        identity = self._identity
        kind = str(identity.entry.reveal().get("auth_type") or "password")
        loader: BaseLoader[Any] = get_plugin_loader(kind)  # Any: a plugin of whatever kind
        if not issubclass(loader.plugin_class, BaseIdentityPlugin):
            return self._no_project(kind)
        known = [option.dest for option in loader.get_options()]
        sentence = _about_field(str(error), kind, known)
        return PermissionDenied(f'cloud "{identity.name}" in {identity.source} cannot be used: {sentence}')

    def _make_session(self, region: "CloudRegion") -> "Session":
        from keystoneauth1.session import TCPKeepAliveAdapter

        if self._identity.ca_path:
            region.config["cacert"] = str(self._identity.ca_path)
        elif self._identity.ca:
            self._written_ca = _write_ca(self._identity.ca)
            region.config["cacert"] = str(self._written_ca)
        session = region.get_session()
        # Limit: where Keystone's versions answer 401, keystoneauth asks for them again with the session's own login,
        # whose lock it holds already (get_version_data, BaseIdentityPlugin.get_access): the thread would wait for
        # itself for ever. Nothing of ours needs the session to know the login.
        session.auth = None
        session.timeout = float(region.config.get("api_timeout") or self._timeout_seconds)
        # The pool that requests makes by itself is of another size than ours, and drops what does not fit.
        session.session.mount("https://", TCPKeepAliveAdapter(pool_maxsize=CONNECTIONS))
        session.session.mount("http://", TCPKeepAliveAdapter(pool_maxsize=CONNECTIONS))
        return session


def _about_field(error: str, kind: str, known: Sequence[str]) -> str:
    """Return what a plugin's TypeError says of a field of `auth`; values are never in it."""
    unknown = re.search(r"unexpected keyword argument '(\w+)'", error)
    if unknown:
        near = nearest_name(unknown[1], known)
        hint = f', did you mean "auth.{near}"?' if near else ""
        return f'"auth.{unknown[1]}" is nothing that "auth_type" {kind} takes{hint}'
    missing = re.search(r"missing .*argument.*: '(\w+)'", error)
    return f'it has no "auth.{missing[1]}"' if missing else f'"auth_type" {kind} does not take its "auth"'


def _versioned(url: str, service: Service) -> str:
    """Return a catalog's URL with the service's version: some catalogs name it, some do not."""
    root, suffix = url.rstrip("/"), _VERSION_PATHS[service]
    last = urlsplit(root).path.rpartition("/")[2]
    has_version = last[:1] == "v" and last[1:2].isdigit()
    # Block storage, and compute in its older form, end in the project: /v3/<project>.
    in_front = f"{suffix[:3]}" in urlsplit(root).path
    return root if has_version or (service in ("compute", "block-storage") and in_front) else root + suffix


def _write_ca(pem: str) -> Path:
    with NamedTemporaryFile("w", prefix="kubecapy-ca-", suffix=".pem", delete=False) as file:
        file.write(pem)
    return Path(file.name)
