import pytest
from tests.devcloud.core_client import CoreClient

from kubecapy.devcloud.settings import AddressPlan, Timing


@pytest.mark.parametrize(
    ("fixed", "floating", "message"),
    [
        ("10.0.0.0/24", "10.0.0.128/25", "address plan: fixed_cidr 10.0.0.0/24 overlaps floating_cidr 10.0.0.128/25"),
        ("ten", "10.0.0.0/24", "address plan: fixed_cidr is 'ten', expected an IPv4 range such as 127.88.0.0/25"),
        ("10.0.0.0/24", "10.1.0.0/30", "address plan: floating_cidr 10.1.0.0/30 has fewer than 16 addresses"),
    ],
)
def test_an_address_plan_that_cannot_work_is_refused_in_one_sentence(fixed: str, floating: str, message: str) -> None:
    with pytest.raises(ValueError, match="address plan") as caught:
        AddressPlan(fixed, floating)

    assert str(caught.value).startswith(message)


def test_a_negative_delay_is_refused() -> None:
    with pytest.raises(ValueError, match=r"timing: boot_seconds is -1, expected zero or more seconds"):
        Timing(boot_seconds=-1)


def test_halves_of_a_loopback_range_carry_the_cloud() -> None:
    client = CoreClient.fresh(addresses=AddressPlan("127.88.1.128/25", "127.88.1.0/25"))

    port = client.make_port()
    client.associate(port["id"])

    assert port["fixed_ips"][0]["ip_address"] == "127.88.1.130"
    assert client.floating_ip()["floating_ip_address"] == "127.88.1.2"
    assert client.floating_ip()["status"] == "ACTIVE"


def test_jitter_stretches_delays_within_its_bound() -> None:
    client = CoreClient.fresh(timing=Timing(boot_seconds=10, jitter=0.5))
    for number in range(20):
        client.make_server(str(number))

    due = sorted((item.due - client.now).total_seconds() for item in client.cloud.world.agenda._heap)

    assert due[0] >= 10
    assert due[-1] <= 15
    assert due[0] < due[-1]
