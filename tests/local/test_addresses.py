import ipaddress
import socket
import subprocess
import sys
from random import Random

import pytest

from kubecapy.local import addresses
from kubecapy.local.addresses import NoAddresses, lease_addresses


@pytest.fixture
def port() -> int:
    """A port at which no cloud of this machine leases."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_lease_is_two_halves_of_one_loopback_range(port: int) -> None:
    with lease_addresses(Random(1), port) as plan:
        fixed, floating = ipaddress.ip_network(plan.fixed_cidr), ipaddress.ip_network(plan.floating_cidr)

    assert fixed.supernet() == floating.supernet()
    assert fixed.supernet().prefixlen == 24
    assert fixed.is_loopback
    assert fixed.network_address > floating.network_address


def test_two_leases_at_once_never_meet_even_with_the_same_luck(port: int) -> None:
    with lease_addresses(Random(1), port) as one, lease_addresses(Random(1), port) as other:
        assert one != other


def test_a_range_is_free_again_after_its_lease(port: int) -> None:
    with lease_addresses(Random(1), port) as first:
        pass

    with lease_addresses(Random(1), port) as second:
        assert first == second


def test_a_range_is_free_again_after_its_holder_was_killed(port: int) -> None:
    code = (
        "import os, sys; from random import Random\n"
        "from kubecapy.local.addresses import lease_addresses\n"
        "with lease_addresses(Random(1), int(sys.argv[1])) as plan:\n"
        "    print(plan.fixed_cidr, flush=True); os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(port)], capture_output=True, text=True, check=False)

    with lease_addresses(Random(1), port) as plan:
        assert killed.returncode == -9
        assert plan.fixed_cidr == killed.stdout.strip()


def test_a_machine_without_a_free_range_is_told_what_to_do(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "ATTEMPTS", 1)

    with (
        lease_addresses(Random(1), port),
        pytest.raises(NoAddresses, match="end a cloud that runs"),
        lease_addresses(Random(1), port),
    ):
        pass
