"""Run a kubelet: static pods first, then the Node, its heartbeat, its pods and their logs.

static pods ──(on a control plane: the API server answers)──► Node registered ──► heartbeat, pods, logs, mirrors
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubelet.components import Component
from kubecapy.local.guest.kubelet.heartbeat import Heartbeat
from kubecapy.local.guest.kubelet.identity import obtain_connection
from kubecapy.local.guest.kubelet.journal import Journal
from kubecapy.local.guest.kubelet.pod_manager import PodManager
from kubecapy.local.guest.kubelet.pod_worker import PodContext
from kubecapy.local.guest.kubelet.serving import KubeletServer, wait_for_file
from kubecapy.local.guest.kubelet.settings import KubeletError, KubeletSettings, read_settings
from kubecapy.local.guest.kubelet.static_pods import StaticPods
from kubecapy.local.pods import ImageTable
from kubecapy.tasks import TaskScope

RESTART_SECONDS = 10.0
"""systemd starts a kubelet that failed again after so long (RestartSec in its unit)."""
POLL_SECONDS = 0.1


class Kubelet:
    """One kubelet process, as a task; each start of its unit makes a new one."""

    def __init__(self, host: Host, components: Mapping[str, Component], images: ImageTable, interpreter: Path) -> None:
        """Run static pods with `components` and images with `images`; `interpreter` leads the pods' PATH."""
        self._host = host
        self._components = components
        self._images = images
        self._program_path = f"{interpreter.parent}:/usr/local/bin:/usr/bin:/bin"
        self._journal = Journal(host)
        self._static: StaticPods | None = None
        self._pods: PodManager | None = None

    async def run(self) -> None:
        """Run until cancelled; a kubelet that cannot start is started again as systemd does."""
        await self._host.clock.sleep(self._host.timing.kubelet_start_seconds)
        while True:
            try:
                await self._run_once()
            except* (KubeletError, OSError, ValueError) as errors:
                for error in errors.exceptions:
                    self._journal.say(f"failed to run Kubelet: {error}")
            await self._host.clock.sleep(RESTART_SECONDS)

    async def end(self) -> None:
        """Stop the pods' processes politely, before `run` is cancelled."""
        if self._pods is not None:
            await self._pods.end()

    def addresses_changed(self) -> None:
        """Let the API server listen on the host's present addresses."""
        if self._static is not None:
            self._static.restart("kube-apiserver")

    async def _run_once(self) -> None:
        settings = read_settings(self._host)
        self._static = StaticPods(self._host, settings, self._components, self._journal)
        async with TaskScope("kubelet") as scope:
            scope.start(self._static.run(), name="static-pods")
            connection = await obtain_connection(self._host, settings.node_name, self._journal)
            # A joining host gets its authority's certificate before its kubelet starts, a new control plane after.
            await wait_for_file(self._host, settings.client_ca, POLL_SECONDS)
            async with HttpClient(connection, self._host.clock) as client:
                await self._serve(settings, connection, client, self._static)

    async def _serve(
        self, settings: KubeletSettings, connection: Connection, client: HttpClient, static: StaticPods
    ) -> None:
        heartbeat = Heartbeat(self._host, settings, client, self._journal)
        node_uid = await heartbeat.register()
        pods = PodManager(self._context(settings, connection, client), settings.node_name, self._host.random)
        self._pods = pods
        async with KubeletServer(self._host, settings, pods), TaskScope("node") as scope:
            scope.start(heartbeat.run(), name="heartbeat")
            scope.start(pods.run(), name="pods")
            scope.start(static.mirror(client, node_uid), name="mirror")

    def _context(self, settings: KubeletSettings, connection: Connection, client: HttpClient) -> PodContext:
        server = urlsplit(connection.server)
        return PodContext(
            host=self._host,
            client=client,
            journal=self._journal,
            images=self._images,
            ca=connection.ca,
            api_host=server.hostname or "",
            api_port=server.port or 443,
            ip=next(iter(settings.node_ips), ""),
            program_path=self._program_path,
        )
