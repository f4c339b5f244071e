"""Give what a request is sent with, a token and a client certificate, renewed where a file or a program renews them."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from kubecapy.client.connection import Connection, ExecPlugin
from kubecapy.client.exec_plugin import ExecCredentials, run_exec_plugin
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.tls import KeyPair
from kubecapy.clock import Clock
from kubecapy.telemetry.logs import get_logger
from kubecapy.telemetry.secrets import Secret

_log = get_logger(__name__)

TOKEN_FILE_SECONDS = 60.0
"""A token file is read again after so long, as client-go does (client-go/transport/token_source.go)."""


class Identity(msgspec.Struct, frozen=True):
    """What a request is sent with."""

    token: Secret[str] | None = None
    pair: KeyPair | None = None
    """Client certificate and key; another pair needs new connections."""


class Credentials(Protocol):
    """Gives identities."""

    async def current(self) -> Identity:
        """Return what to send now. Raises Unreachable where it cannot be had."""
        ...

    def forget(self, refused: Identity) -> bool:
        """Drop what the server refused; return whether `current` may give something else now."""
        ...


def credentials_of(connection: Connection, clock: Clock, has_terminal: Callable[[], bool] | None = None) -> Credentials:
    """Return the source of what `connection` sends; a program runs only where nothing else is given (client-go)."""
    pair = None
    if connection.client_certificate and connection.client_key is not None:
        pair = KeyPair(connection.client_certificate, connection.client_key)
    if connection.token_file is not None:
        return TokenFile(connection.token_file, Identity(connection.token, pair), clock)
    if connection.exec_plugin is not None and connection.token is None and pair is None:
        return ExecIdentity(connection, connection.exec_plugin, clock, has_terminal or _has_terminal)
    return FixedIdentity(Identity(connection.token, pair))


class FixedIdentity:
    """Gives one identity for ever."""

    def __init__(self, identity: Identity) -> None:
        """Keep `identity`."""
        self._identity = identity

    async def current(self) -> Identity:
        """Return the identity."""
        return self._identity

    def forget(self, refused: Identity) -> bool:
        """Return False: there is no other one."""
        del refused
        return False


class TokenFile:
    """Gives the token of a file that others renew, such as a pod's service account token."""

    def __init__(self, path: Path, fallback: Identity, clock: Clock) -> None:
        """Read `path` at the first use; `fallback` is sent where it cannot be read and has a token."""
        self._path = path
        self._fallback = fallback
        self._clock = clock
        self._known: Identity | None = None
        self._is_stale = True
        self._read_at = 0.0

    async def current(self) -> Identity:
        """Return the file's content, at most a minute old; the last one that could be read where it is away."""
        now = self._clock.monotonic()
        if self._is_stale or now - self._read_at > TOKEN_FILE_SECONDS:
            self._known, self._read_at, self._is_stale = self._read(), now, False
        return self._known or self._fallback

    def forget(self, refused: Identity) -> bool:
        """Return True: the file may hold a newer token."""
        self._is_stale = self._is_stale or refused == self._known
        return True

    def _read(self) -> Identity:
        # A few hundred bytes of a local file: not worth a thread.
        try:
            text = self._path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            known = self._known or (self._fallback if self._fallback.token is not None else None)
            cause = error.strerror if isinstance(error, OSError) else "it is no text"
            if known is None:
                raise Unreachable(f"cannot read the token file {self._path}: {cause}") from error
            _log.warning("Sending the token known so far: cannot read the token file %s: %s", self._path, cause)
            return known
        if not text:
            raise Unreachable(f"the token file {self._path} is empty")
        return Identity(Secret(text), self._fallback.pair)


class ExecIdentity:
    """Gives what a program prints; it runs again once that expires, and once the server refuses it."""

    def __init__(
        self, connection: Connection, plugin: ExecPlugin, clock: Clock, has_terminal: Callable[[], bool]
    ) -> None:
        """Run nothing yet."""
        self._connection = connection
        self._plugin = plugin
        self._clock = clock
        self._has_terminal = has_terminal
        self._known: ExecCredentials | None = None
        self._running = asyncio.Lock()

    async def current(self) -> Identity:
        """Return what the program printed, the same until it expires or is forgotten."""
        # One person answers one question: the program never runs twice at once.
        async with self._running:
            known = self._known
            if known is None or (known.expires is not None and self._clock.now() >= known.expires):
                known = self._known = await run_exec_plugin(self._connection, self._plugin, self._has_terminal)
            return Identity(known.token, known.pair)

    def forget(self, refused: Identity) -> bool:
        """Return True: the program may print something newer, or has since."""
        known = self._known
        if known is not None and Identity(known.token, known.pair) == refused:
            self._known = None
        return True


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
