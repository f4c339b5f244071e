"""Write a server's serial console, the only thing that people see of a guest from outside."""

from collections.abc import Callable
from pathlib import Path

from kubecapy.clock import Clock

CLOUD_INIT_LOG = "/var/log/cloud-init-output.log"


class Console:
    """Appends text to the file that the cloud serves as console output."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Write to `path`, with kernel times counted from now."""
        self._path = path
        self._clock = clock
        self._powered_on = clock.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)

    @property
    def uptime(self) -> float:
        """Seconds since power-on."""
        return self._clock.monotonic() - self._powered_on

    def write(self, text: str) -> None:
        """Add `text` as it is."""
        with self._path.open("ab") as file:
            file.write(text.encode(errors="surrogateescape"))

    def kernel(self, message: str) -> None:
        """Add a line as the kernel's ring buffer shows it."""
        self.write(f"[{self.uptime:12.6f}] {message}\n")

    def also(self, keep: Callable[[str], None]) -> Callable[[str], None]:
        """Return a function that writes text here and gives it to `keep`, as cloud-init's `tee` does."""

        def write(text: str) -> None:
            self.write(text)
            keep(text)

        return write
