"""Look at who listens on this machine's addresses."""

import socket
import struct
from pathlib import Path

_LISTENING = "0A"
"""State of a socket in /proc/net/tcp."""


def listening(prefix: str) -> list[str]:
    """Return the IPv4 addresses that begin with `prefix` and on which somebody listens."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    local = [field[1].partition(":")[0] for field in fields if field[3] == _LISTENING]
    addresses = [socket.inet_ntoa(struct.pack("=I", int(text, 16))) for text in local]
    return [address for address in addresses if address.startswith(prefix)]
