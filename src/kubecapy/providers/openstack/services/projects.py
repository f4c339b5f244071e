"""Open one project for each identity, and share it."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

from kubecapy.clock import Clock
from kubecapy.contract.actuators import SecretReader
from kubecapy.contract.errors import PermissionDenied
from kubecapy.providers.openstack.api.secret_reference import CloudReference, SecretReference
from kubecapy.providers.openstack.cloud.client import CloudClient
from kubecapy.providers.openstack.cloud.entries import CloudsFileError
from kubecapy.providers.openstack.cloud.identity import (
    CA_FILE_NAME,
    CloudIdentity,
    CloudsFile,
    read_file,
    read_identity,
)
from kubecapy.providers.openstack.cloud.transport import Transport
from kubecapy.providers.openstack.services.project import DEFAULT_FRESHNESS, Freshness, Project
from kubecapy.tasks import run_blocking
from kubecapy.telemetry.secrets import Secret

CLOUDS_FILE_NAME: Final = "clouds.yaml"
"""Key of a credentials Secret."""
DEFAULT_CLOUDS_FILE: Final = "/etc/openstack/clouds.yaml"
"""Where the generated Deployment mounts the Secret `cloud-config`."""
PROJECTS_MAX: Final = 64
"""How many identities stay open; beyond it the one unused for longest is closed."""


class Projects:
    """Finds the project that an object's credentials mean.

    Credentials are read anew each time, so that a rotated Secret or file counts at once; equal ones share a client
    and its token.
    """

    def __init__(
        self,
        clock: Clock,
        secrets: SecretReader,
        environ: Mapping[str, str],
        executor: Executor,
        open_transport: Callable[[CloudIdentity], Transport],
        freshness: Freshness = DEFAULT_FRESHNESS,
    ) -> None:
        """Read Secrets through `secrets`, files on `executor`; `open_transport` makes a transport without a call."""
        self._clock = clock
        self.secrets = secrets
        self._environ = environ
        self._executor = executor
        self._open_transport = open_transport
        self._freshness = freshness
        self._open: OrderedDict[str, Project] = OrderedDict()

    async def find(self, reference: CloudReference, namespace: str) -> Project:
        """Return the project; `namespace` is the referring object's. No call is made to the cloud.

        Raises:
            PermissionDenied: the credentials are missing or incomplete.
        """
        try:
            identity = await self._read_identity(reference, namespace)
        except CloudsFileError as error:
            raise PermissionDenied(str(error)) from error
        if identity.key not in self._open:
            client = CloudClient(self._open_transport(identity), self._clock)
            self._open[identity.key] = Project(client, self._clock, self._freshness)
        self._open.move_to_end(identity.key)
        project = self._open[identity.key]
        await self._close_unused()
        return project

    async def close(self) -> None:
        """Close every project."""
        while self._open:
            _, project = self._open.popitem()
            await project.client.close()

    async def _read_identity(self, reference: CloudReference, namespace: str) -> CloudIdentity:
        if reference.secret is not None:
            file = await self._read_secret(reference.secret, namespace)
            return read_identity(file, reference.cloud)
        cloud = reference.cloud or self._environ.get("OS_CLOUD", "")
        if not cloud:
            raise CloudsFileError("no cloud is named: set OS_CLOUD, or cloudsSecret and cloudName in the providerSpec")
        path = Path(self._environ.get("OS_CLIENT_CONFIG_FILE") or DEFAULT_CLOUDS_FILE)
        return await run_blocking(self._executor, lambda: read_identity(read_file(path), cloud))

    async def _read_secret(self, reference: SecretReference, namespace: str) -> CloudsFile:
        namespace = reference.namespace or namespace
        source = f"Secret {namespace}/{reference.name}"
        data = await self.secrets.read_secret(namespace, reference.name)
        if data is None:
            raise CloudsFileError(f"{source} with the cloud's credentials does not exist")
        if CLOUDS_FILE_NAME not in data:
            raise CloudsFileError(f'{source} has no key "{CLOUDS_FILE_NAME}"')
        return CloudsFile(source, Secret(data[CLOUDS_FILE_NAME]), None, data.get(CA_FILE_NAME))

    async def _close_unused(self) -> None:
        while len(self._open) > PROJECTS_MAX:
            _, project = self._open.popitem(last=False)
            await project.client.close()
