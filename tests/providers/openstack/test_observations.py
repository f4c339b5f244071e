"""What was found, in the contract's words."""

import pytest
from tests.providers.openstack.machines import OWNER

from kubecapy.contract.actuators import InstanceState
from kubecapy.providers.openstack.actuators.observations import instance_of, record_reservation
from kubecapy.providers.openstack.actuators.reservation import Reserved
from kubecapy.providers.openstack.api.status import MachineProviderStatus, read_machine_status
from kubecapy.providers.openstack.services.resources import (
    FixedAddress,
    FloatingAddress,
    Port,
    Server,
    ServerAddress,
    Trunk,
)
from kubecapy.providers.openstack.services.servers import state_of


def annotation(*addresses: str, floating: str = "") -> str | None:
    port = Port("p", fixed_ips=tuple(FixedAddress(address) for address in addresses))
    led = FloatingAddress("f", floating, "p") if floating else None
    record = record_reservation(MachineProviderStatus(), OWNER, Reserved((port,), led))
    return instance_of(Server("s"), record, {}).annotations.get("openstack-ip-address")


def test_tools_are_told_the_floating_address_else_the_first_ipv4_else_any() -> None:
    assert annotation("fd00::1", "10.0.0.1", floating="172.24.4.2") == "172.24.4.2"
    assert annotation("fd00::1", "10.0.0.1") == "10.0.0.1"
    assert annotation("fd00::1") == "fd00::1"
    assert annotation() is None


def test_novas_own_addresses_serve_where_nothing_was_recorded() -> None:
    found = (ServerAddress("10.0.0.1"), ServerAddress("172.24.4.2", "floating"))
    instance = instance_of(Server("s", addresses={"net": found}), MachineProviderStatus(), {})
    assert [(item.type, item.address) for item in instance.addresses] == [
        ("ExternalIP", "172.24.4.2"),
        ("InternalIP", "10.0.0.1"),
    ]


@pytest.mark.parametrize(
    ("status", "task", "state"),
    [
        ("BUILD", "spawning", "Pending"),
        ("ACTIVE", None, "Running"),
        ("ACTIVE", "deleting", "Deleting"),
        ("HARD_REBOOT", "rebooting", "Running"),
        ("SHUTOFF", None, "Stopped"),
        ("SHELVED_OFFLOADED", None, "Stopped"),
        ("ERROR", None, "Failed"),
        ("A_STATUS_OF_TOMORROW", None, "Pending"),
    ],
)
def test_each_status_has_a_word_of_the_contract(status: str, task: str | None, state: InstanceState) -> None:
    assert state_of(Server("s", status=status, task_state=task)) == state


def test_a_record_comes_back_as_it_was_stored_and_a_foreign_one_is_empty() -> None:
    port = Port("p", "node-1", network_id="n", fixed_ips=(FixedAddress("10.0.0.1"),))
    record = record_reservation(
        MachineProviderStatus(),
        OWNER,
        Reserved((port,), FloatingAddress("f", "172.24.4.2", "p"), trunks=(Trunk("t", port_id="p"),)),
    )
    stored = record.to_json()
    assert stored["kind"] == "OpenstackMachineProviderStatus"
    assert read_machine_status(stored).ports == record.ports
    assert read_machine_status({**stored, "field": "of tomorrow"}).floating_ip == record.floating_ip
    assert read_machine_status({"ports": "x"}) == MachineProviderStatus()
    assert read_machine_status(None) == MachineProviderStatus()
