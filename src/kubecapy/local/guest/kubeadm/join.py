"""Make a host a node of a cluster: `kubeadm join`, phase by phase.

Source: https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-join/. A host that would join as a further
control plane is refused: guests keep their objects in a store of their own, which two API servers cannot share.
"""

from kubecapy.apimachinery.errors import StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.kubeconfig import load
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.cluster_info import ClusterAddress
from kubecapy.local.guest.kubeadm.configuration import JoinConfiguration
from kubecapy.local.guest.kubeadm.discovery import Discovery
from kubecapy.local.guest.kubeadm.documents import parse_duration
from kubecapy.local.guest.kubeadm.errors import KubeadmError
from kubecapy.local.guest.kubeadm.kubeconfigs import write_token_kubeconfig
from kubecapy.local.guest.kubeadm.kubelet_phase import start_kubelet
from kubecapy.local.guest.kubeadm.layout import BOOTSTRAP_KUBELET_CONF, KUBELET_CONF
from kubecapy.local.guest.kubeadm.preflight import check_join, raise_findings
from kubecapy.local.guest.kubeadm.releases import Release
from kubecapy.local.guest.shell.streams import Write

BOOTSTRAP_TIMEOUT_SECONDS = 60.0
POLL_SECONDS = 0.1
CONFIG_MAPS: Resource[JsonObject] = Resource("", "v1", "ConfigMap", "configmaps", dict)


class JoinRun:
    """One run of `kubeadm join`."""

    def __init__(self, host: Host, join: JoinConfiguration, release: Release, out: Write) -> None:
        """Join as `join` says, as kubeadm of `release` does; progress goes to `out`."""
        self._host = host
        self._join = join
        self._release = release
        self._out = out

    async def run(self, ignored: tuple[str, ...] = ()) -> None:
        """Run all phases.

        Raises:
            KubeadmError: one of them fails.
        """
        if self._join.control_plane is not None:
            raise KubeadmError("", "controlPlane: a simulated guest cannot join as a further control plane")
        await self._preflight(ignored)
        cluster, token = await self._discover()
        configuration = await self._read_cluster(cluster, token)
        await self._start(cluster, token, configuration)
        self._out(
            "\nThis node has joined the cluster:\n"
            "* Certificate signing request was sent to apiserver and a response was received.\n"
            "* The Kubelet was informed of the new secure connection details.\n\n"
            "Run 'kubectl get nodes' on the control-plane to see this node join the cluster.\n"
        )

    async def _preflight(self, ignored: tuple[str, ...]) -> None:
        self._out("[preflight] Running pre-flight checks\n")
        await self._host.clock.sleep(self._host.timing.preflight_seconds)
        findings = check_join(self._host, self._release.minor, self._join.ca_cert_path)
        named = (*ignored, *self._join.node_registration.ignore_preflight_errors)
        for finding in raise_findings(findings, named):
            self._out(f"\t[WARNING {finding.name}]: {finding.message}\n")

    async def _discover(self) -> tuple[ClusterAddress, str]:
        wanted = self._join.discovery.bootstrap_token
        if wanted is None:
            raise KubeadmError("", "discovery: Invalid value: guests discover by bootstrapToken alone")
        timeout = self._host.timing.discovery_seconds
        if self._join.discovery.timeout:
            try:
                timeout = min(timeout, parse_duration(self._join.discovery.timeout))
            except ValueError as error:
                raise KubeadmError("", f"discovery.timeout: {error}") from error
        discovery = Discovery(self._host.clock, self._release, timeout, self._out)
        cluster = await discovery.run(wanted)
        return cluster, self._join.discovery.tls_bootstrap_token or wanted.token

    async def _read_cluster(self, cluster: ClusterAddress, token: str) -> str:
        """Return the kubelet's configuration, which the cluster holds for all nodes."""
        self._out("[preflight] Reading configuration from the cluster...\n")
        write_token_kubeconfig(self._host.files, BOOTSTRAP_KUBELET_CONF, cluster.server, cluster.ca, token)
        connection = load(self._host.files.read(BOOTSTRAP_KUBELET_CONF))
        try:
            async with HttpClient(connection, self._host.clock) as client:
                await client.get(CONFIG_MAPS, ObjectKey("kube-system", "kubeadm-config"))
                kubelet = await client.get(CONFIG_MAPS, await self._kubelet_config_key(client))
        except (StatusError, Unreachable) as error:
            message = f"unable to fetch the kubeadm-config ConfigMap: failed to get config map: {error}"
            raise KubeadmError("preflight", message) from error
        return str((kubelet.get("data") or {}).get("kubelet", ""))

    async def _kubelet_config_key(self, client: HttpClient) -> ObjectKey:
        names = (self._release.kubelet_config_name, "kubelet-config")
        for name in names:
            key = ObjectKey("kube-system", name)
            if await client.find(CONFIG_MAPS, key) is not None:
                return key
        return ObjectKey("kube-system", names[0])

    async def _start(self, cluster: ClusterAddress, token: str, configuration: str) -> None:
        write_token_kubeconfig(self._host.files, BOOTSTRAP_KUBELET_CONF, cluster.server, cluster.ca, token)
        self._host.files.install(self._join.ca_cert_path, cluster.ca)
        await start_kubelet(self._host, self._join.node_registration, self._release, configuration, self._out)
        self._out("[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap...\n")
        end = self._host.clock.monotonic() + BOOTSTRAP_TIMEOUT_SECONDS
        while not self._host.files.is_file(KUBELET_CONF):
            if self._host.clock.monotonic() > end:
                raise KubeadmError("kubelet-start", "timed out waiting for the condition")
            await self._host.clock.sleep(POLL_SECONDS)
        self._host.files.remove(BOOTSTRAP_KUBELET_CONF)
