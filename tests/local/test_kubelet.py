"""A kubelet reads its settings, keeps logs in the runtime's form and derives what it reports."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.local.conftest import SkippingClock

from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.apimachinery.errors import Invalid, NotFound
from kubecapy.local.guest.host import Host, turn_swap_off
from kubecapy.local.guest.kubelet.components import component_flags, component_name
from kubecapy.local.guest.kubelet.container_log import ContainerLog, LogQuery
from kubecapy.local.guest.kubelet.journal import Journal
from kubecapy.local.guest.kubelet.node import render_conditions, render_node, render_status
from kubecapy.local.guest.kubelet.pod_status import failed_container, render_pod_status
from kubecapy.local.guest.kubelet.pod_worker import PODS, PodContext, PodWorker
from kubecapy.local.guest.kubelet.settings import KubeletError, read_settings
from kubecapy.local.guest.kubelet.static_pods import render_mirror
from kubecapy.local.guest.programs import Program, install_program
from kubecapy.local.guest.units import MaskedUnit, Units, UnknownUnit
from kubecapy.local.pods import ImageTable
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_api import Call, FakeApi

FLAGS = "/var/lib/kubelet/kubeadm-flags.env"


@pytest.fixture
def node(host: Host) -> Host:
    turn_swap_off(host)
    install_program(host.files, Program("kubelet", "1.14.0"))
    host.files.install("/var/lib/kubelet/config.yaml", "kind: KubeletConfiguration\n")
    return host


def tell(host: Host, arguments: str, more: str = "") -> None:
    host.files.install(FLAGS, f'KUBELET_KUBEADM_ARGS="{arguments}"\n')
    host.files.install("/etc/default/kubelet", f"KUBELET_EXTRA_ARGS={more}\n")


def test_flags_come_from_kubeadm_and_from_people(node: Host) -> None:
    tell(node, "--provider-id=openstack:///1 --node-labels=a=b,c=d", more="--register-with-taints=k=v:NoSchedule")

    settings = read_settings(node)

    assert settings.node_name == "ubuntu"
    assert settings.version == "v1.14.0"
    assert settings.provider_id == "openstack:///1"
    assert settings.labels == {"a": "b", "c": "d"}
    assert [(taint.key, taint.value, taint.effect) for taint in settings.taints] == [("k", "v", "NoSchedule")]
    assert settings.node_ips == ("127.90.1.130",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--provider-ids=x", "failed to parse kubelet flag: unknown flag: --provider-ids"),
        ("--node-labels=a", "malformed pair, expect string=string"),
        ("--register-with-taints=a:Never", "invalid taint spec: a:Never"),
    ],
)
def test_a_wrong_flag_keeps_the_kubelet_from_starting(node: Host, arguments: str, message: str) -> None:
    tell(node, arguments)

    with pytest.raises(KubeletError, match=message):
        read_settings(node)


def test_without_its_configuration_or_with_swap_the_kubelet_does_not_start(node: Host) -> None:
    node.files.write("/proc/swaps", "Filename\n/swap.img\n")
    with pytest.raises(KubeletError, match="running with swap on is not supported"):
        read_settings(node)

    node.files.remove("/var/lib/kubelet/config.yaml")
    with pytest.raises(KubeletError, match="failed to load Kubelet config file"):
        read_settings(node)


def test_an_external_cloud_provider_leaves_its_taint(node: Host) -> None:
    tell(node, "--cloud-provider=external")

    assert [taint.key for taint in read_settings(node).taints] == ["node.cloudprovider.kubernetes.io/uninitialized"]


def test_a_node_says_what_its_kubelet_knows(node: Host) -> None:
    tell(node, "--provider-id=openstack:///1")
    settings = read_settings(node)

    made = render_node(settings)
    status = render_status(settings, node.facts, node.system, [])

    assert made["spec"] == {"providerID": "openstack:///1"}
    assert made["metadata"]["labels"]["kubernetes.io/hostname"] == "ubuntu"
    assert status["addresses"][0] == {"type": "InternalIP", "address": "127.90.1.130"}
    assert status["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 10250


def test_a_transition_time_stays_as_long_as_the_verdict(node: Host) -> None:
    now = node.clock.now()

    first = render_conditions("starting", [], now)
    second = render_conditions("no network", first, now + timedelta(seconds=5))
    third = render_conditions("", second, now + timedelta(seconds=9))

    ready = [conditions[-1] for conditions in (first, second, third)]
    assert [condition["status"] for condition in ready] == ["False", "False", "True"]
    assert ready[0]["lastTransitionTime"] == ready[1]["lastTransitionTime"] != ready[2]["lastTransitionTime"]


def container_state(**state: Any) -> dict[str, Any]:
    return {"name": "c", "ready": "running" in state, "state": state}


@pytest.mark.parametrize(
    ("states", "policy", "phase"),
    [
        ([{"waiting": {"reason": "ContainerCreating"}}], "Always", "Pending"),
        ([{"running": {}}], "Always", "Running"),
        ([{"waiting": {"reason": "CrashLoopBackOff"}}], "Always", "Running"),
        ([{"terminated": {"exitCode": 0}}], "Never", "Succeeded"),
        ([{"terminated": {"exitCode": 0}}, {"terminated": {"exitCode": 2}}], "OnFailure", "Failed"),
        ([{"terminated": {"exitCode": 0}}, {"running": {}}], "Never", "Running"),
    ],
)
def test_a_pods_phase_follows_from_its_containers(states: list[Any], policy: str, phase: str, host: Host) -> None:
    statuses = [container_state(**state) for state in states]

    assert render_pod_status(statuses, policy, "ip", {}, host.clock.now())["phase"] == phase


def test_a_container_that_cannot_be_made_waits_with_its_reason(host: Host) -> None:
    failed = failed_container("c", "x:1", "CreateContainerConfigError", 'secret "s" not found')

    status = render_pod_status([failed], "Always", "ip", {}, host.clock.now())

    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"]["waiting"]["message"] == 'secret "s" not found'


def test_a_static_pods_command_is_read_as_flags() -> None:
    container = {"image": "k8s.gcr.io/kube-apiserver:v1", "command": ["kube-apiserver", "--a=b=c", "--flag", "word"]}
    pod = {"metadata": {"name": "kube-apiserver"}, "spec": {"containers": [container]}}

    assert component_name(pod) == "kube-apiserver"
    assert component_flags(pod) == {"a": "b=c", "flag": "true"}
    assert dump_yaml(pod)
    mirror = render_mirror(pod, "n1", "u-1")
    assert mirror["metadata"]["name"] == "kube-apiserver-n1"
    assert mirror["metadata"]["annotations"]["kubernetes.io/config.source"] == "file"
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u-1", "controller": True}
    assert mirror["metadata"]["ownerReferences"] == [owner]


async def lines_of(log: ContainerLog, **query: Any) -> list[bytes]:
    return [piece async for piece in log.read(LogQuery(**query))]


async def test_a_log_is_read_whole_by_its_tail_by_time_and_with_times(tmp_path: Path) -> None:
    clock = SkippingClock()
    log = ContainerLog(tmp_path / "logs" / "0.log", clock)
    log.write("stdout", b"one")
    await clock.sleep(10)
    log.write("stderr", b"two words")

    assert await lines_of(log) == [b"one\n", b"two words\n"]
    assert await lines_of(log, tail_lines=1) == [b"two words\n"]
    assert await lines_of(log, tail_lines=0) == []
    assert await lines_of(log, since=clock.now() - timedelta(seconds=5)) == [b"two words\n"]
    assert await lines_of(log, limit_bytes=5) == [b"one\n", b"t"]
    assert await lines_of(log, timestamps=True, tail_lines=1) == [b"2026-11-23T12:00:10.000000000Z two words\n"]
    text = (tmp_path / "logs" / "0.log").read_text()
    assert text.splitlines()[1] == "2026-11-23T12:00:10.000000000Z stderr F two words"


async def test_a_followed_log_brings_new_lines_and_ends_with_its_container(tmp_path: Path) -> None:
    log = ContainerLog(tmp_path / "0.log", SkippingClock())
    log.write("stdout", b"first")
    seen: list[bytes] = []

    async def follow() -> None:
        seen.extend(await lines_of(log, follow=True))

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(follow())
        await asyncio.sleep(0)
        log.write("stdout", b"second")
        await asyncio.sleep(0)
        assert not task.done()
        log.write("stdout", b"third")
        log.end()

    assert seen == [b"first\n", b"second\n", b"third\n"]


async def test_output_is_cut_into_lines_also_where_it_ends_without_one(tmp_path: Path) -> None:
    log = ContainerLog(tmp_path / "0.log", SkippingClock())
    reader = asyncio.StreamReader(limit=64)
    reader.feed_data(b"a\n" + b"x" * 100 + b"\nrest")
    reader.feed_eof()

    await log.copy("stdout", reader)

    assert b"".join(await lines_of(log)).replace(b"\n", b"") == b"a" + b"x" * 100 + b"rest"
    assert (await lines_of(log))[-1] == b"rest\n"


async def test_units_start_stop_and_are_remembered_as_enabled(host: Host) -> None:
    events: list[str] = []

    async def note(event: str) -> None:
        events.append(event)

    host.units.install("kubelet")
    host.units.on_change("kubelet", start=lambda: note("start"), stop=lambda: note("stop"))

    await host.units.start("kubelet.service")
    await host.units.start("kubelet")
    await host.units.restart("kubelet")
    host.units.enable("kubelet")

    assert events == ["start", "stop", "start"]
    assert host.units.is_active("kubelet")
    rebooted = Units(host.files)
    assert "kubelet" in rebooted.enabled
    assert not rebooted.is_active("kubelet")


async def test_a_masked_or_unknown_unit_does_not_start(host: Host) -> None:
    host.units.mask("ufw")

    with pytest.raises(MaskedUnit):
        await host.units.start("ufw")
    with pytest.raises(UnknownUnit, match=r"nothing\.service"):
        await host.units.start("nothing")
    host.files.install("/etc/systemd/system/mine.service", "[Service]\n")
    await host.units.start("mine")
    assert host.units.is_active("mine")


def bound_pod(**metadata: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "example/unknown:1"}
    named = {"name": "p", "namespace": "default", "uid": "u1", **metadata}
    status = {"phase": "Pending", "qosClass": "Burstable"}
    return {"metadata": named, "spec": {"nodeName": "n1", "containers": [container]}, "status": status}


def run_on(host: Host, api: FakeApi, pod: dict[str, Any]) -> PodWorker:
    context = PodContext(
        host=host,
        client=api,
        journal=Journal(host),
        images=ImageTable({}),
        ca=b"",
        api_host="127.0.0.1",
        api_port=6443,
        ip="127.90.1.130",
        program_path="",
    )
    return PodWorker(context, pod)


async def test_a_pod_is_reported_running_and_keeps_the_class_that_the_api_server_gave_it(host: Host) -> None:
    api = FakeApi(host.clock)
    worker = run_on(host, api, api.put(PODS, bound_pod()))

    async with asyncio.timeout(10), TaskScope("test") as scope:
        scope.start(worker.run(), name="worker")
        while api.objects(PODS)[0]["status"]["phase"] != "Running":
            await asyncio.sleep(0)
        scope.cancel()

    assert api.objects(PODS)[0]["status"]["qosClass"] == "Burstable"


async def test_a_pod_whose_status_the_api_refuses_can_still_be_ended(host: Host) -> None:
    api = FakeApi(host.clock)
    worker = run_on(host, api, api.put(PODS, bound_pod()))
    refused, removed = asyncio.Event(), asyncio.Event()

    def answer(call: Call) -> None:
        if call.subresource == "status":
            refused.set()
            raise Invalid("status.qosClass: Invalid value: field is immutable")
        if call.plural == "/api/v1/namespaces/default/pods/p":
            removed.set()
            raise NotFound("gone")

    api.before_call = answer
    async with asyncio.timeout(10), TaskScope("test") as scope:
        scope.start(worker.run(), name="worker")
        await refused.wait()
        worker.update(bound_pod(deletionTimestamp="2026-11-23T12:00:00Z", deletionGracePeriodSeconds=1))
        await removed.wait()
