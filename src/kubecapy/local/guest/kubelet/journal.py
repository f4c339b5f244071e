"""Keep the kubelet's own log, as `journalctl -u kubelet` would show it."""

from kubecapy.local.guest.host import Host

KUBELET_LOG = "/var/log/kubelet.log"


class Journal:
    """Writes lines with the time to the kubelet's log file."""

    def __init__(self, host: Host) -> None:
        """Write below `host`'s /var/log."""
        self._host = host
        self._last = ""

    def say(self, message: str) -> None:
        """Add one line; a repetition of the line before is left out, so that retries fill no disk."""
        if message == self._last:
            return
        self._last = message
        now = self._host.clock.now()
        self._host.files.append(KUBELET_LOG, f"{now:%b %d %H:%M:%S} {self._host.hostname} kubelet: {message}\n")
