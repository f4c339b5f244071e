"""Say why a server failed; where the cloud found no host for it, with what was asked of the hosts. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from kubecapy.providers.openstack.services.resources import Server

_NO_HOST: Final = re.compile(r"no valid host|exhausted all hosts|not enough hosts", re.IGNORECASE)
"""Nova's NoValidHost and MaxRetriesExceeded (nova/exception.py, nova/conductor/manager.py)."""
_UNSEEN: Final = "how full the hosts are, their aggregates and traits only the cloud's administrator sees"


def describe_fault(server: Server, hints: Mapping[str, Any]) -> str:
    """Return why the server is in ERROR, in Nova's own words; empty where it is not, or Nova gives no reason.

    `hints` are the scheduler hints that the machine asks for, which Nova does not show again.
    """
    if server.status != "ERROR" or server.fault is None:
        return ""
    words = server.fault.message.strip().rstrip(".")
    return f"{words}; {_asked(server, hints)}; {_UNSEEN}" if _NO_HOST.search(words) else words


def _asked(server: Server, hints: Mapping[str, Any]) -> str:
    flavor = server.flavor
    size = f"{flavor.vcpus} vCPUs, {flavor.ram} MiB of memory, {flavor.disk} GiB of disk"
    parts = (
        f"flavor {flavor.name} ({size})" if flavor.name else "",
        f"zone {server.availability_zone}" if server.availability_zone else "any zone",
        ", ".join(f"hint {name}={value}" for name, value in sorted(hints.items())),
    )
    return "asked for " + ", ".join(part for part in parts if part)
