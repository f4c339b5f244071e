import ipaddress
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from kubecapy.local import addresses
from kubecapy.local.addresses import NoAddresses, lease_addresses


def test_a_lease_is_two_halves_of_one_loopback_range(tmp_path: Path) -> None:
    with lease_addresses(Random(1), tmp_path) as plan:
        fixed, floating = ipaddress.ip_network(plan.fixed_cidr), ipaddress.ip_network(plan.floating_cidr)

    assert fixed.supernet() == floating.supernet()
    assert fixed.supernet().prefixlen == 24
    assert fixed.is_loopback
    assert fixed.network_address > floating.network_address


def test_two_leases_at_once_never_meet_even_with_the_same_luck(tmp_path: Path) -> None:
    with lease_addresses(Random(1), tmp_path) as one, lease_addresses(Random(1), tmp_path) as other:
        assert one != other


def test_a_range_is_free_again_after_its_lease(tmp_path: Path) -> None:
    with lease_addresses(Random(1), tmp_path) as first:
        pass

    with lease_addresses(Random(1), tmp_path) as second:
        assert first == second


def test_a_range_is_free_again_after_its_holder_was_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from random import Random\n"
        "from kubecapy.local.addresses import lease_addresses\n"
        "with lease_addresses(Random(1), Path(sys.argv[1])) as plan:\n"
        "    print(plan.fixed_cidr, flush=True); os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)

    with lease_addresses(Random(1), tmp_path) as plan:
        assert killed.returncode == -9
        assert plan.fixed_cidr == killed.stdout.strip()


def test_a_machine_without_a_free_range_is_told_where_the_locks_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "ATTEMPTS", 1)

    with (
        lease_addresses(Random(1), tmp_path),
        pytest.raises(NoAddresses, match=str(tmp_path)),
        lease_addresses(Random(1), tmp_path),
    ):
        pass
