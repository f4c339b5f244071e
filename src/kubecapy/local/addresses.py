"""Lease loopback addresses, so that clouds on one machine never meet.

A cloud gets one /24 of 127.0.0.0/8: its upper half for fixed addresses, its lower half for floating ones. Every address
of it can be bound without root. The lease is a socket bound to the range's last address, which the kernel gives to one
process at a time, whoever its user is; it ends with the process, however that ends, and leaves no file behind.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from kubecapy.devcloud.settings import AddressPlan

FIRST_SECOND_OCTET = 64
LAST_SECOND_OCTET = 126
"""127.0.x.x to 127.63.x.x are left to others: resolvers and test suites like 127.0.0.x and 127.0.1.1."""
LAST_HOST = 255
"""Neutron gives a subnet's last address to nobody, so the lease is in no server's way."""
LEASE_PORT = 6440
"""Where the lease is bound; nothing listens on it."""
ATTEMPTS = 4096


class NoAddresses(Exception):
    """No free range was found; the message says what to do."""


@contextmanager
def lease_addresses(random: Random, port: int = LEASE_PORT) -> Iterator[AddressPlan]:
    """Hold a /24 of loopback addresses for as long as the block lasts; leases of different ports do not see each other.

    Raises:
        NoAddresses: every range that was tried is held by somebody else, or cannot be bound at all.
    """
    reason = ""
    for _ in range(ATTEMPTS):
        second = random.randint(FIRST_SECOND_OCTET, LAST_SECOND_OCTET)
        prefix = f"127.{second}.{random.randint(1, 254)}"
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as lease:
            try:
                lease.bind((f"{prefix}.{LAST_HOST}", port))
            except OSError as error:
                reason = error.strerror or str(error)
                continue
            yield AddressPlan(fixed_cidr=f"{prefix}.128/25", floating_cidr=f"{prefix}.0/25")
            return
    raise NoAddresses(
        f"no range of 127.{FIRST_SECOND_OCTET}.0.0 to 127.{LAST_SECOND_OCTET}.255.255 can be leased at port {port}"
        f" ({reason}): end a cloud that runs"
    )
