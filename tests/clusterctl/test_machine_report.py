import msgspec
import pytest

from kubecapy.api.cluster.v1alpha1 import Machine, MachineSpec, MachineStatus, ObjectReference, ProviderSpec
from kubecapy.apimachinery.conditions import Condition
from kubecapy.apimachinery.meta import ObjectMeta
from kubecapy.clusterctl.phases.machine_report import has_node, is_ready, terminal_error, why_waiting

READY = Condition(type="Ready", status="True")
UNREADY = Condition(type="Ready", status="False", reason="Waiting")
BOOTING = Condition(type="InstanceReady", status="False", message="the server is being built")
DELETED = Condition(type="Deleted", status="False", message="waiting for port p-1")


def machine(**status: object) -> Machine:
    spec = MachineSpec(provider_spec=ProviderSpec())
    return Machine(metadata=ObjectMeta(name="m-0"), spec=spec, status=MachineStatus(**status))


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (machine(), "Pending"),
        (machine(phase="Provisioning", conditions=(UNREADY, BOOTING)), "Provisioning, InstanceReady: the server is "),
        (machine(phase="Provisioned", conditions=(UNREADY,)), "Provisioned, Ready: Waiting"),
        (machine(phase="Running", conditions=(READY,)), "Running"),
    ],
    ids=["new", "first-missing", "summary-last", "running"],
)
def test_the_reason_is_the_first_condition_that_does_not_hold(seen: Machine, reason: str) -> None:
    assert why_waiting(seen).startswith(reason)


def test_a_machine_under_deletion_says_what_it_waits_for() -> None:
    seen = machine(phase="Deleting", conditions=(BOOTING, DELETED))
    meta = msgspec.structs.replace(seen.metadata, deletion_timestamp="2019-04-04T07:24:42Z")

    assert why_waiting(msgspec.structs.replace(seen, metadata=meta)) == "Deleting, Deleted: waiting for port p-1"


def test_ready_needs_node_and_condition() -> None:
    node = ObjectReference(kind="Node", name="m-0")

    assert is_ready(machine(node_ref=node, conditions=(READY,)))
    assert not is_ready(machine(conditions=(READY,)))
    assert not is_ready(machine(node_ref=node, conditions=(UNREADY,)))
    assert has_node(machine(node_ref=node))


def test_a_terminal_error_is_told_with_the_machines_name() -> None:
    assert terminal_error(machine()) is None
    seen = machine(error_reason="InvalidConfiguration", error_message='no flavor "m1.mini"')
    assert terminal_error(seen) == 'machine m-0: no flavor "m1.mini"'
