"""Keep the connections to one API server, and make new ones where certificates are renewed.

session(pair) ──same pair, same CA──► the pool that is there
              └─another────────────► a new pool; the old one closes once its last request has ended
"""

import contextlib
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from kubecapy.client.connection import Connection
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.tls import KeyPair, TlsSettingsError, make_ssl_context
from kubecapy.clock import Clock
from kubecapy.telemetry.logs import get_logger

_log = get_logger(__name__)

POOL_SIZE = 256
"""Limit: open connections to one server; a request beyond waits for a free one."""
KEEP_ALIVE_SECONDS = 30.0
"""An idle connection is closed after so long; servers here and kube-apiserver keep them longer."""
CA_FILE_SECONDS = 60.0
"""A file of certificate authorities is read again after so long."""


class Sessions:
    """Gives the pool for a client certificate; open it with `async with`."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        """Keep what is needed; nothing is opened yet."""
        self._connection = connection
        self._clock = clock
        self._ca_read_at = 0.0
        self._pool: _Pool | None = None
        self._retired: list[_Pool] = []

    async def __aenter__(self) -> Self:
        """Open the first pool. Raises TlsSettingsError where certificates are unusable."""
        self._ca_read_at = self._clock.monotonic()
        self._pool = _Pool(self._connection, None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection, those in use too."""
        pools = [*self._retired, *([self._pool] if self._pool is not None else [])]
        self._pool = None
        self._retired.clear()
        for pool in pools:
            await pool.session.close()

    @contextlib.asynccontextmanager
    async def session(self, pair: KeyPair | None) -> AsyncIterator[aiohttp.ClientSession]:
        """Give a session that offers `pair`, or what the connection says; Unreachable where that is unusable."""
        pool = await self._current(pair)
        pool.users += 1
        try:
            yield pool.session
        finally:
            pool.users -= 1
            if pool.users == 0 and pool in self._retired:
                self._retired.remove(pool)
                await pool.session.close()

    async def _current(self, pair: KeyPair | None) -> "_Pool":
        pool = self._pool
        if pool is None:
            raise Unreachable(f"{self._connection.server}: the client is closed")
        self._renew_ca()
        if pool.fits(self._connection, pair):
            return pool
        try:
            self._pool = _Pool(self._connection, pair)
        except TlsSettingsError as error:
            raise Unreachable(f"{self._connection.server}: {error}") from error
        if pool.users:
            self._retired.append(pool)
        else:
            await pool.session.close()
        return self._pool

    def _renew_ca(self) -> None:
        path, now = self._connection.ca_file, self._clock.monotonic()
        if path is None or now - self._ca_read_at <= CA_FILE_SECONDS:
            return
        self._ca_read_at = now
        try:
            self._connection = msgspec.structs.replace(self._connection, ca=path.read_bytes())
        except OSError as error:
            _log.warning("Trusting the authorities known so far: cannot read %s: %s", path, error.strerror)


class _Pool:
    """Connections that were made with the same certificates."""

    def __init__(self, connection: Connection, pair: KeyPair | None) -> None:
        self._ca = connection.ca
        self._pair = pair
        self.users = 0
        context = make_ssl_context(connection, pair)
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=POOL_SIZE, keepalive_timeout=KEEP_ALIVE_SECONDS),
            trust_env=False,
            auto_decompress=True,
            raise_for_status=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # aiohttp sends GET, PUT and DELETE a second time by itself where a connection breaks. What may be sent twice is
        # decided in `transport`: a second DELETE may meet a successor of the same name. There is no public switch.
        self.session._retry_connection = False  # noqa: SLF001

    def fits(self, connection: Connection, pair: KeyPair | None) -> bool:
        """Return whether a new pool would be the same; the connection's own pair is the same as none."""
        own = (connection.client_certificate, connection.client_key)
        is_same_pair = pair == self._pair or (
            self._pair is None and pair is not None and (pair.certificate, pair.key) == own
        )
        return is_same_pair and connection.ca == self._ca
