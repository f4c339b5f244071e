"""Read the serial consoles of servers, as the hypervisor's files hold them."""

from pathlib import Path
from typing import Protocol

# Limit: Nova's libvirt driver returns at most this much of a console (nova.virt.libvirt MAX_CONSOLE_BYTES).
MAX_CONSOLE_BYTES = 102_400


class ConsoleReader(Protocol):
    """Reads what a server has written to its serial console."""

    def read(self, server_id: str) -> str:
        """Return the last part of the console; empty where the server has written nothing."""
        ...


class FileConsoles:
    """Reads `<server id>.log` in a folder, where whatever plays the servers writes it."""

    def __init__(self, folder: Path) -> None:
        """Read in `folder`; neither the folder nor a file need exist."""
        self._folder = folder

    def read(self, server_id: str) -> str:
        """Return the last 100 KiB of the file; bytes that are no UTF-8 become replacement characters."""
        try:
            with (self._folder / f"{server_id}.log").open("rb") as log:
                size = log.seek(0, 2)
                log.seek(max(0, size - MAX_CONSOLE_BYTES))
                return log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""


def tail(text: str, lines: int | None) -> str:
    """Return the last `lines` lines of `text` as Nova cuts them; `None` means all."""
    if lines is None:
        return text
    return "\n".join(text.split("\n")[-lines:]) if lines > 0 else ""
