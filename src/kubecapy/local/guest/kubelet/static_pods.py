"""Run the static pods of a host: a control plane's own parts, from the manifests in a folder, with mirrors in the API.

Source: https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/.
"""

import asyncio
import hashlib
from collections.abc import Mapping

from kubecapy.api.core import MIRROR_ANNOTATION
from kubecapy.apimachinery.codec import DecodeError, load_yaml
from kubecapy.apimachinery.errors import AlreadyExists, NotFound, StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubelet.components import Component, component_flags, component_name
from kubecapy.local.guest.kubelet.journal import Journal
from kubecapy.local.guest.kubelet.pod_status import render_pod_status
from kubecapy.local.guest.kubelet.pod_worker import PODS
from kubecapy.local.guest.kubelet.settings import KubeletSettings
from kubecapy.tasks import TaskScope

SCAN_SECONDS = 0.25
RETRY_SECONDS = 1.0


class StaticPod:
    """One static pod; its component runs in this process, or nothing runs and it is only shown."""

    def __init__(self, host: Host, manifest: JsonObject, component: Component | None, journal: Journal) -> None:
        """Run `component` with the flags of `manifest`."""
        self.manifest = manifest
        self._host = host
        self._component = component
        self._journal = journal
        self._restart = asyncio.Event()
        self._restarts = 0
        self._is_running = False

    @property
    def name(self) -> str:
        """The name in the manifest."""
        return str(self.manifest["metadata"]["name"])

    def restart(self) -> None:
        """Stop the component and start it again, since the host's addresses changed."""
        self._restart.set()

    async def run(self) -> None:
        """Run until cancelled; a component that fails is started again."""
        if self._component is None:
            self._is_running = True
            return
        while True:
            self._restart.clear()
            try:
                async with self._component(component_flags(self.manifest)):
                    self._is_running = True
                    await self._restart.wait()
            except (OSError, ValueError) as error:
                self._say(f"static pod {self.name} failed: {error}")
                await self._host.clock.sleep(RETRY_SECONDS)
            finally:
                self._is_running = False
            self._restarts += 1

    def status(self) -> JsonObject:
        """Return the entry in `status.containerStatuses`."""
        container = self.manifest["spec"]["containers"][0]
        state: JsonObject = {"running": {}} if self._is_running else {"waiting": {"reason": "ContainerCreating"}}
        return {
            "name": container["name"],
            "image": container.get("image", ""),
            "imageID": f"docker-pullable://{container.get('image', '')}",
            "ready": self._is_running,
            "started": self._is_running,
            "restartCount": self._restarts,
            "state": state,
            "lastState": {},
        }

    def _say(self, message: str) -> None:
        self._journal.say(message)
        self._host.console.kernel(f"kubelet: {message}")


class StaticPods:
    """Runs what lies in the manifest folder, and keeps its mirrors."""

    def __init__(
        self, host: Host, settings: KubeletSettings, components: Mapping[str, Component], journal: Journal
    ) -> None:
        """Run manifests whose image is called like one of `components` with it, show the others."""
        self._host = host
        self._settings = settings
        self._components = components
        self._journal = journal
        self._pods: dict[str, StaticPod] = {}

    async def run(self) -> None:
        """Start manifests as they come, until cancelled."""
        async with TaskScope("static-pods") as scope:
            running: dict[str, asyncio.Task[None]] = {}
            while True:
                present = set(self._host.files.glob(f"{self._settings.manifest_folder}/*.yaml"))
                for path in sorted(present - set(self._pods)):
                    pod = self._load(path)
                    if pod is not None:
                        self._pods[path] = pod
                        running[path] = scope.start(pod.run(), name=pod.name)
                for path in sorted(set(self._pods) - present):
                    running.pop(path).cancel()
                    del self._pods[path]
                await self._host.clock.sleep(SCAN_SECONDS)

    async def mirror(self, client: Client, node_uid: str) -> None:
        """Keep a mirror of each static pod in the API, owned by the Node with `node_uid`, until cancelled."""
        told: dict[str, JsonObject] = {}
        while True:
            for path, pod in tuple(self._pods.items()):
                try:
                    await self._mirror(client, pod, told, path, node_uid)
                except (StatusError, Unreachable) as error:
                    self._journal.say(f"Failed to mirror static pod {pod.name}: {error}")
            await self._host.clock.sleep(SCAN_SECONDS if len(told) < len(self._pods) or not told else RETRY_SECONDS)

    def restart(self, name: str) -> None:
        """Restart the static pod `name`, where it is there."""
        for pod in self._pods.values():
            if pod.name == name:
                pod.restart()

    def _load(self, path: str) -> StaticPod | None:
        try:
            (manifest,) = load_yaml(self._host.files.read_text(path))
            component = self._components.get(component_name(manifest))
        except (DecodeError, OSError, KeyError, TypeError, ValueError) as error:
            self._journal.say(f"Can't process manifest file {path}: {error}")
            return None
        return StaticPod(self._host, manifest, component, self._journal)

    async def _mirror(
        self, client: Client, pod: StaticPod, told: dict[str, JsonObject], path: str, node_uid: str
    ) -> None:
        """Create the mirror where it was not told of yet, and write its status where that changed."""
        ip = next(iter(self._settings.node_ips), "")
        before = told.get(path, {})
        now = self._host.clock.now()
        status = render_pod_status([pod.status()], "Always", ip, before, now)
        if status == before:
            return
        mirror = render_mirror(pod.manifest, self._settings.node_name, node_uid)
        key = ObjectKey(mirror["metadata"]["namespace"], mirror["metadata"]["name"])
        if not before:
            try:
                await client.create(PODS, mirror)
            except AlreadyExists:
                self._journal.say(f"mirror pod {key} is there already")
        try:
            await client.patch(PODS, key, {"status": status}, subresource="status")
        except NotFound:
            told.pop(path, None)
            return
        told[path] = status


def render_mirror(manifest: JsonObject, node_name: str, node_uid: str) -> JsonObject:
    """Return the mirror of a static pod on node `node_name`, whose Node owns it: admission wants it so."""
    metadata = manifest["metadata"]
    digest = hashlib.md5(repr(manifest).encode(), usedforsecurity=False).hexdigest()
    annotations = {
        **(metadata.get("annotations") or {}),
        "kubernetes.io/config.hash": digest,
        MIRROR_ANNOTATION: digest,
        "kubernetes.io/config.source": "file",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{metadata['name']}-{node_name}",
            "namespace": metadata.get("namespace", "default"),
            "labels": metadata.get("labels") or {},
            "annotations": annotations,
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "Node", "name": node_name, "uid": node_uid, "controller": True}
            ],
        },
        "spec": {
            **manifest["spec"],
            "nodeName": node_name,
            "tolerations": [{"effect": "NoExecute", "operator": "Exists"}],
        },
    }
