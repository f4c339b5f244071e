"""Lease loopback addresses, so that clouds on one machine never meet.

A cloud gets one /24 of 127.0.0.0/8: its upper half for fixed addresses, its lower half for floating ones. Every address
of it can be bound without root. The lease is a lock of the operating system (flock) on a file of the range, and ends
with the process, however that ends.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from kubecapy.devcloud.settings import AddressPlan
from kubecapy.local.private_files import PRIVATE_FILE_MODE

FIRST_SECOND_OCTET = 64
LAST_SECOND_OCTET = 126
"""127.0.x.x to 127.63.x.x are left to others: resolvers and test suites like 127.0.0.x and 127.0.1.1."""
ATTEMPTS = 4096


class NoAddresses(Exception):
    """No free range was found; the message says where the locks are."""


def lock_folder() -> Path:
    """Return the folder of the locks, shared by all users of the machine."""
    return Path(tempfile.gettempdir()) / "kubecapy-addresses"


@contextmanager
def lease_addresses(random: Random, folder: Path | None = None) -> Iterator[AddressPlan]:
    """Hold a /24 of loopback addresses for as long as the block lasts.

    Raises:
        NoAddresses: every range that was tried is held by somebody else.
        OSError: the folder of the locks cannot be used.
    """
    place = folder or lock_folder()
    _make_shared(place)
    for _ in range(ATTEMPTS):
        second = random.randint(FIRST_SECOND_OCTET, LAST_SECOND_OCTET)
        prefix = f"127.{second}.{random.randint(1, 254)}"
        descriptor = _try_lock(place / f"{prefix}.lock")
        if descriptor is None:
            continue
        try:
            yield AddressPlan(fixed_cidr=f"{prefix}.128/25", floating_cidr=f"{prefix}.0/25")
        finally:
            os.close(descriptor)
        return
    raise NoAddresses(f"no free range of loopback addresses; the locks are in {place}: end a cloud that runs")


def _make_shared(folder: Path) -> None:
    """Make the folder one in which every user may lock, and nobody remove another's lock, as /tmp itself."""
    try:
        folder.mkdir()
        folder.chmod(0o1777)
    except FileExistsError:
        return


def _try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock; None where somebody else has it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE_MODE)
    except PermissionError:
        # Another user's file: held or left behind, either way not ours.
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
