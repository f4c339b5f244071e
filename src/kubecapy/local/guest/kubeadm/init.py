"""Make a host the first control plane of a cluster: `kubeadm init`, phase by phase.

Source: https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-init/.
"""

from collections.abc import Awaitable, Callable

import msgspec

from kubecapy.apimachinery.errors import StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.apiserver.pki.certificates import KeyPair
from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.client.kubeconfig import load
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.addons import coredns_objects, kube_proxy_objects
from kubecapy.local.guest.kubeadm.certificate_phase import CertificatePhase
from kubecapy.local.guest.kubeadm.cluster_info import ClusterAddress
from kubecapy.local.guest.kubeadm.cluster_objects import (
    configuration_objects,
    discovery_objects,
    join_rights,
    kubelet_configuration,
    token_secret,
)
from kubecapy.local.guest.kubeadm.configuration import BootstrapToken
from kubecapy.local.guest.kubeadm.documents import Documents
from kubecapy.local.guest.kubeadm.errors import KubeadmError
from kubecapy.local.guest.kubeadm.kubeconfigs import control_plane_profiles, write_client_kubeconfig
from kubecapy.local.guest.kubeadm.kubelet_phase import node_name_of, start_kubelet
from kubecapy.local.guest.kubeadm.layout import ADMIN_CONF, MANIFESTS
from kubecapy.local.guest.kubeadm.manifests import ControlPlane, render_manifests
from kubecapy.local.guest.kubeadm.preflight import check_init, raise_findings
from kubecapy.local.guest.kubeadm.releases import Release
from kubecapy.local.guest.objects import ensure_objects
from kubecapy.local.guest.shell.streams import Write

CONTROL_PLANE_TIMEOUT_SECONDS = 240.0
"""kubeadm's default `timeoutForControlPlane`."""
POLL_SECONDS = 0.1
NODES: Resource[JsonObject] = Resource("", "v1", "Node", "nodes", dict, namespaced=False)


class InitRun:
    """One run of `kubeadm init`."""

    def __init__(self, host: Host, documents: Documents, release: Release, out: Write) -> None:
        """Make a cluster of `release` as `documents` say; progress goes to `out`."""
        self._host = host
        self._documents = documents
        self._release = release
        self._out = out
        registration = documents.init.node_registration
        self._node_name = node_name_of(host, registration)
        address = documents.init.local_api_endpoint.advertise_address or next(iter(host.facts.fixed_addresses), "")
        self._plane = ControlPlane(release, documents.cluster, address, documents.init.local_api_endpoint.bind_port)

    async def run(self, ignored: tuple[str, ...] = ()) -> None:
        """Run all phases that are not skipped.

        Raises:
            KubeadmError: one of them fails; what the ones before did stays, as with kubeadm itself.
        """
        if not self._plane.address:
            raise KubeadmError("", "unable to select an IP from default routes: the host has no address")
        if self._documents.cluster.etcd.external:
            raise KubeadmError("", "etcd.external: guests have no etcd but their own")
        self._out(f"[init] Using Kubernetes version: {self._release}\n")
        await self._preflight(ignored)
        await start_kubelet(
            self._host,
            self._documents.init.node_registration,
            self._release,
            kubelet_configuration(self._documents.cluster),
            self._out,
        )
        authority = CertificatePhase(self._host, self._plane, self._node_name, self._out).run()
        self._kubeconfigs(authority)
        self._manifests()
        connection = load(self._host.files.read(ADMIN_CONF))
        async with HttpClient(connection, self._host.clock) as client:
            await self._wait_for_control_plane(client)
            await self._phases(client, connection)
        self._say_success(connection)

    async def _preflight(self, ignored: tuple[str, ...]) -> None:
        self._out("[preflight] Running pre-flight checks\n")
        await self._host.clock.sleep(self._host.timing.preflight_seconds)
        findings = check_init(self._host, self._release.minor, self._documents.cluster.certificates_dir)
        named = (*ignored, *self._documents.init.node_registration.ignore_preflight_errors)
        for finding in raise_findings(findings, named):
            self._out(f"\t[WARNING {finding.name}]: {finding.message}\n")
        self._out("[preflight] Pulling images required for setting up a Kubernetes cluster\n")
        await self._host.clock.sleep(self._host.timing.image_pull_seconds)

    def _kubeconfigs(self, authority: KeyPair) -> None:
        self._out('[kubeconfig] Using kubeconfig folder "/etc/kubernetes"\n')
        endpoint = self._documents.cluster.control_plane_endpoint
        local = f"{self._plane.address}:{self._plane.port}"
        server = f"https://{_with_port(endpoint, self._plane.port) if endpoint else local}"
        for path, profile in control_plane_profiles(self._node_name).items():
            self._out(f'[kubeconfig] Writing "{path.rpartition("/")[2]}" kubeconfig file\n')
            write_client_kubeconfig(self._host.files, path, server, authority, profile, self._host.clock.now())

    def _manifests(self) -> None:
        self._out(f'[control-plane] Using manifest folder "{MANIFESTS}"\n')
        for name, text in render_manifests(self._plane).items():
            if name == "etcd":
                self._out(f'[etcd] Creating static Pod manifest for local etcd in "{MANIFESTS}"\n')
            else:
                self._out(f'[control-plane] Creating static Pod manifest for "{name}"\n')
            self._host.files.install(f"{MANIFESTS}/{name}.yaml", text, mode=0o600)

    async def _wait_for_control_plane(self, client: Client) -> None:
        self._out(
            "[wait-control-plane] Waiting for the kubelet to boot up the control plane as static Pods from directory "
            f'"{MANIFESTS}". This can take up to 4m0s\n'
        )
        started = self._host.clock.monotonic()

        async def healthy() -> bool:
            return await client.request("GET", "/healthz", accept="text/plain") == b"ok"

        await self._until(healthy, "wait-control-plane", "couldn't initialize a Kubernetes cluster")
        seconds = self._host.clock.monotonic() - started
        self._out(f"[apiclient] All control plane components are healthy after {seconds:.6f} seconds\n")

    async def _phases(self, client: Client, connection: Connection) -> None:
        phases: dict[str, Callable[[], Awaitable[None]]] = {
            "upload-config": lambda: self._upload(client),
            "mark-control-plane": lambda: self._mark(client),
            "bootstrap-token": lambda: self._tokens(client, connection),
            "addon/coredns": lambda: self._addon(client, "CoreDNS", coredns_objects(self._plane)),
            "addon/kube-proxy": lambda: self._addon(client, "kube-proxy", kube_proxy_objects(self._plane)),
        }
        skipped = self._documents.init.skip_phases
        for name, phase in phases.items():
            if name in skipped or name.partition("/")[0] in skipped:
                continue
            try:
                await phase()
            except (StatusError, Unreachable, ValueError) as error:
                raise KubeadmError(name, str(error)) from error

    async def _upload(self, client: Client) -> None:
        self._out(
            '[upload-config] Storing the configuration used in ConfigMap "kubeadm-config" in the "kube-system" '
            "Namespace\n"
        )
        self._out(
            f'[kubelet] Creating a ConfigMap "{self._release.kubelet_config_name}" in namespace kube-system with the '
            "configuration for the kubelets in the cluster\n"
        )
        version = self._documents.version or "v1beta3"
        await ensure_objects(client, configuration_objects(self._documents.cluster, version, self._release))

    async def _mark(self, client: Client) -> None:
        labels = dict.fromkeys(self._release.control_plane_labels, "")
        given = self._documents.init.node_registration.taints
        keys = self._release.control_plane_taints
        taints = (
            [{"key": key, "effect": "NoSchedule"} for key in keys]
            if given is None
            else [msgspec.to_builtins(taint) for taint in given]
        )
        shown = " ".join(f"{taint['key']}:{taint['effect']}" for taint in taints)
        self._out(
            f"[mark-control-plane] Marking the node {self._node_name} as control-plane by adding the labels: "
            f"[{' '.join(labels)}]\n"
        )
        if taints:
            self._out(
                f"[mark-control-plane] Marking the node {self._node_name} as control-plane by adding the taints "
                f"[{shown}]\n"
            )
        key = ObjectKey("", self._node_name)

        async def registered() -> bool:
            return await client.find(NODES, key) is not None

        await self._until(registered, "mark-control-plane", f'timed out waiting for node "{self._node_name}"')
        patch: JsonObject = {"metadata": {"labels": labels}}
        if taints:
            patch["spec"] = {"taints": taints}
        await client.patch(NODES, key, patch, patch_type="strategic")

    async def _tokens(self, client: Client, connection: Connection) -> None:
        tokens = self._documents.init.bootstrap_tokens or (BootstrapToken(token=self._new_token()),)
        self._out("[bootstrap-token] Configuring bootstrap tokens, cluster-info ConfigMap, RBAC Roles\n")
        secrets = [token_secret(token, self._host.clock.now()) for token in tokens]
        for token in tokens:
            # Only the public half is shown: the console is read by everybody in the project.
            self._out(f"[bootstrap-token] Using token: {token.token.partition('.')[0]}.<value withheld>\n")
        await ensure_objects(client, [*secrets, *join_rights()])
        self._out(
            "[bootstrap-token] Configured RBAC rules to allow Node Bootstrap tokens to post CSRs in order for nodes to "
            "get long term certificate credentials\n"
            "[bootstrap-token] Configured RBAC rules to allow the csrapprover controller automatically approve CSRs "
            "from a Node Bootstrap Token\n"
            '[bootstrap-token] Creating the "cluster-info" ConfigMap in the "kube-public" namespace\n'
        )
        await ensure_objects(client, discovery_objects(ClusterAddress(connection.server, connection.ca)))

    def _new_token(self) -> str:
        letters = "abcdefghijklmnopqrstuvwxyz0123456789"
        text = "".join(self._host.random.choice(letters) for _ in range(22))
        return f"{text[:6]}.{text[6:]}"

    async def _addon(self, client: Client, name: str, objects: list[JsonObject]) -> None:
        await ensure_objects(client, objects)
        self._out(f"[addons] Applied essential addon: {name}\n")

    async def _until(self, condition: Callable[[], Awaitable[bool]], phase: str, message: str) -> None:
        end = self._host.clock.monotonic() + CONTROL_PLANE_TIMEOUT_SECONDS
        while True:
            problem = ""
            try:
                if await condition():
                    return
            except (StatusError, Unreachable) as error:
                problem = f": {error}"
            if self._host.clock.monotonic() > end:
                raise KubeadmError(phase, f"{message}{problem}")
            await self._host.clock.sleep(POLL_SECONDS)

    def _say_success(self, connection: Connection) -> None:
        endpoint = connection.server.removeprefix("https://")
        self._out(
            "\nYour Kubernetes control-plane has initialized successfully!\n\n"
            "Then you can join any number of worker nodes by running the following on each as root:\n\n"
            f"kubeadm join {endpoint} --token <value withheld> \\\n    --discovery-token-ca-cert-hash <pin>\n"
        )


def _with_port(endpoint: str, port: int) -> str:
    return endpoint if endpoint.rpartition(":")[2].isdigit() and ":" in endpoint else f"{endpoint}:{port}"
