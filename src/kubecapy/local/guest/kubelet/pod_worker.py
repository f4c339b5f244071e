"""Take one pod from its arrival at the node to its end: prepare, run, report, stop, remove.

    arrived ──plan, write files──► running ──deletion asked──► stopping ──► deleted from the API, folder removed
                 │ something missing: say so, try again
Everything is derived from the pod as the API has it; a worker that starts anew starts the pod anew.
"""

import asyncio
import contextlib
import shutil

import msgspec

from kubecapy.apimachinery.errors import Conflict, NotFound, StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.layout import CNI_CONFIG
from kubecapy.local.guest.kubelet.container_log import ContainerLog
from kubecapy.local.guest.kubelet.containers import Container, ContainerSetting
from kubecapy.local.guest.kubelet.journal import Journal
from kubecapy.local.guest.kubelet.pod_sources import fetch_sources, request_token
from kubecapy.local.guest.kubelet.pod_status import failed_container, render_pod_status
from kubecapy.local.guest.pod_networks import NETWORK_IMAGES
from kubecapy.local.pod_removal import remove_pod
from kubecapy.local.pods import ImageTable, PlanError, PlannedFile, PodPlace, PodPlan, plan_pod, repository_of
from kubecapy.tasks import TaskScope

RETRY_SECONDS = 1.0
TOKEN_RENEWAL = 0.8
"""A token is renewed when this part of its life is over, as kubelets do."""
DEFAULT_GRACE_SECONDS = 30.0
END_GRACE_SECONDS = 3.0
"""What a pod is given when its whole guest ends."""
PODS: Resource[JsonObject] = Resource("", "v1", "Pod", "pods", dict)


class PodContext(msgspec.Struct, frozen=True):
    """What all pods of a node share."""

    host: Host
    client: Client
    journal: Journal
    images: ImageTable
    ca: bytes
    api_host: str
    api_port: int
    ip: str
    program_path: str
    """PATH of the pods' processes."""


class PodWorker:
    """Runs one pod; `update` tells of changes, `run` returns once the pod is gone."""

    def __init__(self, context: PodContext, pod: JsonObject) -> None:
        """Start from `pod` as the API has it."""
        self._context = context
        self._pod: JsonObject | None = pod
        self._last = pod
        self._wake = asyncio.Event()
        self._containers: list[Container] = []
        self._failure: list[JsonObject] = []
        self._reported: JsonObject = pod.get("status") or {}
        uid = pod["metadata"]["uid"]
        self._folder = context.host.files.locate(f"/var/lib/kubelet/pods/{uid}")

    def update(self, pod: JsonObject | None) -> None:
        """Take the pod's present form; None where the API no longer has it."""
        self._pod = pod
        self._last = pod or self._last
        self._wake.set()

    def find_log(self, container: str, *, previous: bool) -> ContainerLog | None:
        """Return the log of a container; None where there is none (yet)."""
        found = next((item for item in self._containers if item.plan.name == container), None)
        return found.log(previous=previous) if found else None

    async def run(self) -> None:
        """Run the pod until it is gone, or this worker is cancelled; leaves neither process nor folder."""
        try:
            async with TaskScope("pod") as scope:
                if await self._prepare(scope):
                    await self._supervise()
                await self._stop(self._grace())
                scope.cancel()
            await self._delete()
        finally:
            for container in self._containers:
                container.kill()
            shutil.rmtree(self._folder, ignore_errors=True)

    async def end(self) -> None:
        """Stop the processes because the guest ends; the pod stays in the API."""
        await self._stop(END_GRACE_SECONDS)

    @property
    def _is_wanted(self) -> bool:
        return self._pod is not None and not self._pod["metadata"].get("deletionTimestamp")

    async def _prepare(self, scope: TaskScope) -> bool:
        """Write the pod's files and start its containers; return whether that happened before its end."""
        host = self._context.host
        await host.clock.sleep(host.timing.container_start_seconds)
        while self._is_wanted:
            try:
                plan = await self._plan(scope)
            except PlanError as error:
                await self._fail(error.reason, str(error))
            except (StatusError, Unreachable) as error:
                await self._fail("ContainerCreating", f"cannot fetch what the pod refers to: {error}")
            else:
                self._start(plan, scope)
                return True
            await host.clock.sleep(RETRY_SECONDS)
        return False

    async def _plan(self, scope: TaskScope) -> PodPlan:
        context = self._context
        issued = None
        if any(context.images.find(item.get("image", "")) for item in self._last["spec"]["containers"]):
            issued = await request_token(context.client, self._last, context.ca)
        sources = await fetch_sources(context.client, self._last, issued.files if issued else None)
        place = PodPlace(
            folder=self._folder,
            api_host=context.api_host,
            api_port=context.api_port,
            pod_ip=context.ip,
            host_ip=context.ip,
            path=context.program_path,
            guest_root=context.host.files.locate("/"),
        )
        plan = plan_pod(self._last, sources, place, context.images)
        if issued is not None:
            scope.start(self._renew_token(issued.seconds, plan), name="token")
        return plan

    def _start(self, plan: PodPlan, scope: TaskScope) -> None:
        for folder in plan.folders:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in plan.files:
            _write(file)
        policy = self._last["spec"].get("restartPolicy", "Always")
        metadata = self._last["metadata"]
        name = f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}"
        logs = self._context.host.files.locate(f"/var/log/pods/{name}")
        specs = {spec["name"]: spec for spec in self._last["spec"]["containers"]}
        self._containers = [
            Container(
                ContainerSetting(
                    plan=item,
                    spec=specs[item.name],
                    restart_policy=policy,
                    log_folder=logs / item.name,
                    pod_ip=self._context.ip,
                    probe_seconds=self._context.host.timing.probe_seconds,
                ),
                self._context.host.clock,
                self._wake.set,
            )
            for item in plan.containers
        ]
        self._failure = []
        for container in self._containers:
            scope.start(container.run(), name=container.plan.name)
            self._set_up_network(container)

    def _set_up_network(self, container: Container) -> None:
        """Do what the pod of a network add-on does for its node: leave the configuration that makes it Ready."""
        if repository_of(container.plan.image).endswith(NETWORK_IMAGES):
            configuration = b'{"name": "simulated-pod-network", "cniVersion": "0.3.1", "plugins": []}\n'
            self._context.host.files.install(f"{CNI_CONFIG}/10-simulated.conflist", configuration)

    async def _supervise(self) -> None:
        """Report every change until the pod is unwanted; a report that failed is made again, if nothing else wakes."""
        while self._is_wanted:
            self._wake.clear()
            is_told = await self._report()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if is_told else RETRY_SECONDS):
                    await self._wake.wait()

    async def _fail(self, reason: str, message: str) -> None:
        self._failure = [
            failed_container(item["name"], item.get("image", ""), reason, message)
            for item in self._last["spec"]["containers"]
        ]
        await self._report()

    async def _report(self) -> bool:
        """Write the status where it changed; return whether the API knows it, or knows the pod no more."""
        statuses = self._failure or [container.status() for container in self._containers]
        policy = self._last["spec"].get("restartPolicy", "Always")
        now = self._context.host.clock.now()
        status = render_pod_status(statuses, policy, self._context.ip, self._reported, now)
        if status == self._reported:
            return True
        metadata = self._last["metadata"]
        key = ObjectKey(metadata["namespace"], metadata["name"])
        patch = {"metadata": {"uid": metadata["uid"]}, "status": status}
        try:
            await self._context.client.patch(PODS, key, patch, subresource="status")
        except (NotFound, Conflict):
            return True
        except (StatusError, Unreachable) as error:
            # The pod goes on without: what refuses a status must not keep it from being ended.
            self._context.journal.say(f"Failed to update status for pod {key}: {error}")
            return False
        self._reported = status
        return True

    def _grace(self) -> float:
        if self._pod is None:
            return 0.0
        seconds = self._pod["metadata"].get("deletionGracePeriodSeconds")
        return DEFAULT_GRACE_SECONDS if seconds is None else float(seconds)

    async def _stop(self, grace_seconds: float) -> None:
        async with TaskScope("stop") as scope:
            for container in self._containers:
                scope.start(container.stop(grace_seconds), name=container.plan.name)

    async def _delete(self) -> None:
        """Tell the API that nothing of the pod is left: only then does it forget a pod with a node."""
        while self._pod is not None:
            try:
                await remove_pod(self._context.client, self._last)
            except (StatusError, Unreachable) as error:
                self._context.journal.say(f"Failed to delete pod {self._last['metadata']['name']}: {error}")
                await self._context.host.clock.sleep(RETRY_SECONDS)
            else:
                return

    async def _renew_token(self, seconds: float, plan: PodPlan) -> None:
        """Replace the token's file before the token ends; clients read it again."""
        token_file = next(file for file in plan.files if file.path.name == "token")
        while True:
            await self._context.host.clock.sleep(seconds * TOKEN_RENEWAL)
            with contextlib.suppress(StatusError, Unreachable):
                issued = await request_token(self._context.client, self._last, self._context.ca)
                if issued is not None:
                    _write(PlannedFile(token_file.path, issued.files.token.encode(), token_file.mode))


def _write(file: PlannedFile) -> None:
    """Write one file beside its place and move it there, so that no reader sees half of it."""
    file.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.path.with_name(f".{file.path.name}.new")
    temporary.touch(mode=0o600)
    temporary.write_bytes(file.content)
    temporary.chmod(file.mode | 0o600)
    temporary.replace(file.path)
