"""Run the parts of a control plane inside the guest's process: what its static pods stand for."""

import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.client.http import HttpClient
from kubecapy.client.kubeconfig import load
from kubecapy.local.certificates import BadCertificate, load_authority
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.layout import ETCD_DATA
from kubecapy.local.guest.kubelet.components import Component
from kubecapy.local.workloads.assembly import controller_manager, scheduler
from kubecapy.runtime.manager import Manager
from kubecapy.tasks import TaskScope

DEFAULT_ISSUER = "https://kubernetes.default.svc.cluster.local"
STORE = f"{ETCD_DATA}/objects.sqlite"


def control_plane_components(host: Host, version: str) -> Mapping[str, Component]:
    """Return the components by the name of their image; `version` is what the API server says it is."""
    plane = _ControlPlane(host, version)
    return {
        "kube-apiserver": plane.api_server,
        "kube-controller-manager": plane.controller_manager,
        "kube-scheduler": plane.scheduler,
    }


@dataclasses.dataclass(frozen=True)
class _ControlPlane:
    host: Host
    version: str

    @asynccontextmanager
    async def api_server(self, flags: Mapping[str, str]) -> AsyncIterator[None]:
        self.host.files.make_folder(ETCD_DATA)
        async with ApiServer(self._api_settings(flags), self.host.clock, self.host.random):
            yield

    @asynccontextmanager
    async def controller_manager(self, flags: Mapping[str, str]) -> AsyncIterator[None]:
        files = self.host.files
        try:
            authority = load_authority(
                files.read(flags["cluster-signing-cert-file"]), files.read(flags["cluster-signing-key-file"])
            )
        except (BadCertificate, KeyError) as error:
            raise ValueError(f"kube-controller-manager: cannot sign certificates: {error}") from error
        async with (
            HttpClient(load(files.read(flags["kubeconfig"])), self.host.clock) as client,
            _running(controller_manager(client, authority, self.host.clock, self.host.random)),
        ):
            yield

    @asynccontextmanager
    async def scheduler(self, flags: Mapping[str, str]) -> AsyncIterator[None]:
        connection = load(self.host.files.read(flags["kubeconfig"]))
        async with (
            HttpClient(connection, self.host.clock) as client,
            _running(scheduler(client, self.host.clock, self.host.random)),
        ):
            yield

    def _api_settings(self, flags: Mapping[str, str]) -> ApiServerSettings:
        def path(name: str) -> Path | None:
            return self.host.files.locate(flags[name]) if flags.get(name) else None

        certificate, key = path("tls-cert-file"), path("tls-private-key-file")
        if certificate is None or key is None:
            raise ValueError("kube-apiserver: --tls-cert-file and --tls-private-key-file are required")
        issuer = flags.get("service-account-issuer", DEFAULT_ISSUER)
        return ApiServerSettings(
            bind_addresses=self.host.facts.addresses,
            port=int(flags.get("secure-port", "6443")),
            serving_certificate=certificate,
            serving_key=key,
            client_ca=path("client-ca-file"),
            root_ca=path("client-ca-file"),
            service_account_signing_key=path("service-account-signing-key-file"),
            service_account_public_key=path("service-account-key-file"),
            service_account_issuer=issuer,
            service_account_audience=issuer,
            store=self.host.files.locate(STORE),
            git_version=self.version,
            kubelet_client_certificate=path("kubelet-client-certificate"),
            kubelet_client_key=path("kubelet-client-key"),
            anonymous_auth=flags.get("anonymous-auth", "true") != "false",
            bootstrap_token_auth=flags.get("enable-bootstrap-token-auth") == "true",
        )


@asynccontextmanager
async def _running(manager: Manager) -> AsyncIterator[None]:
    async with TaskScope("component") as scope:
        scope.start(manager.run(), name="manager")
        yield
        scope.cancel()
