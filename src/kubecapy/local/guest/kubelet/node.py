"""Describe a Node as its kubelet reports it; pure."""

import hashlib
from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import format_time
from kubecapy.local.guest.facts import OperatingSystem, ServerFacts
from kubecapy.local.guest.kubelet.settings import KubeletSettings

KUBELET_PORT = 10250
KERNEL = "5.4.0-42-generic"
RUNTIME_VERSIONS = {"docker": "docker://20.10.21", "containerd": "containerd://1.6.12"}

_PRESSURES = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)


def render_node(settings: KubeletSettings) -> JsonObject:
    """Return the Node that a kubelet creates, without its status."""
    name = settings.node_name
    own = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    }
    spec: JsonObject = {}
    if settings.provider_id:
        spec["providerID"] = settings.provider_id
    if settings.taints:
        spec["taints"] = [
            {"key": taint.key, "effect": taint.effect, **({"value": taint.value} if taint.value else {})}
            for taint in settings.taints
        ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {**own, **settings.labels},
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": spec,
    }


def render_status(
    settings: KubeletSettings, facts: ServerFacts, system: OperatingSystem, conditions: list[JsonObject]
) -> JsonObject:
    """Return the status of the Node."""
    resources = {"cpu": str(facts.vcpus), "memory": f"{facts.ram_mib * 1024}Ki", "pods": "110"}
    addresses = [{"type": "InternalIP", "address": ip} for ip in settings.node_ips]
    machine = hashlib.sha256(facts.server_id.encode()).hexdigest()[:32]
    return {
        "addresses": [*addresses, {"type": "Hostname", "address": settings.node_name}],
        "allocatable": resources,
        "capacity": resources,
        "conditions": conditions,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": facts.server_id,
            "containerRuntimeVersion": RUNTIME_VERSIONS[settings.runtime],
            "kernelVersion": KERNEL,
            "kubeProxyVersion": settings.version,
            "kubeletVersion": settings.version,
            "machineID": machine,
            "operatingSystem": "linux",
            "osImage": system.pretty_name,
            "systemUUID": facts.server_id,
        },
    }


def render_conditions(problem: str, before: list[JsonObject], now: datetime) -> list[JsonObject]:
    """Return the Node's conditions; `problem` says why it is not Ready, empty where it is.

    A transition time stays as long as the verdict does.
    """
    wanted = [(kind, "False", reason, message) for kind, reason, message in _PRESSURES]
    if problem:
        wanted.append(("Ready", "False", "KubeletNotReady", problem))
    else:
        wanted.append(("Ready", "True", "KubeletReady", "kubelet is posting ready status"))
    since = {(old["type"], old["status"]): old.get("lastTransitionTime") for old in before}
    stamp = format_time(now)
    return [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": stamp,
            "lastTransitionTime": since.get((kind, status)) or stamp,
        }
        for kind, status, reason, message in wanted
    ]
