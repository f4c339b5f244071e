"""Show the serving certificate that lies on disk now, also to clients that come after it was renewed.

A context is read once; each handshake looks whether the files changed since, and gets a new context where they did.
Source: kube-apiserver does the same (k8s.io/apiserver pkg/server/dynamiccertificates).
"""

import ssl
from collections.abc import Callable
from pathlib import Path

from kubecapy.telemetry.logs import get_logger

_log = get_logger(__name__)

_Stamp = tuple[tuple[int, int], ...]
"""Modification time and inode of each file: a file that is renamed over another has a new inode."""


class ServingCertificate:
    """Keeps a TLS context that follows its files."""

    def __init__(self, files: tuple[Path, ...], make_context: Callable[[], ssl.SSLContext]) -> None:
        """Make the context; it reads `files`.

        Raises:
            OSError: a file cannot be read, or is no certificate or key.
        """
        self._files = files
        self._make_context = make_context
        self._stamp = self._read_stamp()
        self._current = self.context = make_context()
        """What a listener is given; handshakes on it are led to the current one."""
        self.context.sni_callback = self._lead

    def _lead(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        # OpenSSL calls this on each hello, whether the client names a server or not.
        stamp = self._read_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._renew()
        connection.context = self._current

    def _renew(self) -> None:
        try:
            self._current = self._make_context()
        except OSError as error:
            # Race: half of the pair may be written only; the other half changes the stamp again.
            _log.warning("Failed to read the renewed serving certificate, keeping the old one: %s", error)

    def _read_stamp(self) -> _Stamp:
        found = [path.stat() for path in self._files if path.exists()]
        return tuple((status.st_mtime_ns, status.st_ino) for status in found)
