"""Say what a Node means for its Machine's status; pure."""

from datetime import datetime

import msgspec

from kubecapy.api.cluster.v1alpha1 import Machine, MachineStatus, MachineVersions, ObjectReference
from kubecapy.api.core import NODES, Node, NodeCondition
from kubecapy.apimachinery.conditions import ConditionStatus
from kubecapy.apimachinery.times import format_time
from kubecapy.controllers.findings import Findings
from kubecapy.controllers.machine_conditions import NODE_READY


def linked(machine: Machine, node: Node, now: datetime) -> Machine:
    """Return `machine` with the reference to `node`, the versions that run there and how it is."""
    ready = next((condition for condition in node.status.conditions if condition.type == "Ready"), None)
    status, reason, message = _judgement(node, ready)
    return _with_status(
        machine, now, (status, reason, message), node_ref=_reference(node), versions=_versions(machine, node)
    )


def unlinked(machine: Machine, reason: str, message: str, now: datetime) -> Machine:
    """Return `machine` without a Node."""
    return _with_status(machine, now, ("False", reason, message), node_ref=None, versions=None)


def unknown(machine: Machine, reason: str, message: str, now: datetime) -> Machine:
    """Return `machine` where nothing can be said of its Node: a link of before stays."""
    status: ConditionStatus = "Unknown" if machine.status.node_ref is not None else "False"
    return _with_status(machine, now, (status, reason, message))


def _judgement(node: Node, ready: NodeCondition | None) -> tuple[ConditionStatus, str, str]:
    name = node.metadata.name
    if ready is None:
        return "Unknown", "NodeStatusUnknown", f"node {name} has not told how it is yet"
    if ready.status == "True":
        return "True", "NodeReady", f"node {name} is ready"
    status: ConditionStatus = "False" if ready.status == "False" else "Unknown"
    return status, ready.reason or "NodeNotReady", f"node {name} is not ready: {ready.message or ready.reason}"


def _reference(node: Node) -> ObjectReference:
    # Complete, unlike the original's, whose kind and apiVersion came out empty: `kubectl describe` shows it.
    return ObjectReference(
        api_version=NODES.api_version, kind=NODES.kind, name=node.metadata.name, uid=node.metadata.uid
    )


def _versions(machine: Machine, node: Node) -> MachineVersions | None:
    kubelet = node.status.node_info.kubelet_version.removeprefix("v") if node.status.node_info else ""
    if not kubelet:
        return machine.status.versions
    # The control plane of kubeadm is as new as it was wished: it is not upgraded in place.
    control_plane = machine.spec.versions.control_plane if machine.spec.versions else ""
    return MachineVersions(kubelet=kubelet, control_plane=control_plane)


def _with_status(
    machine: Machine, now: datetime, judgement: tuple[ConditionStatus, str, str], **changes: object
) -> Machine:
    findings = Findings(machine.status.conditions, now)
    findings.mark(NODE_READY, *judgement)
    status: MachineStatus = msgspec.structs.replace(machine.status, conditions=findings.items, **changes)
    if status != machine.status:
        status = msgspec.structs.replace(status, last_updated=format_time(now))
    return msgspec.structs.replace(machine, status=status)
