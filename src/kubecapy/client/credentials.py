"""Give the bearer token of each request, renewed where it comes from a file or a program."""

import asyncio
import os
from typing import Protocol

import msgspec

from kubecapy.apimachinery.codec import DecodeError, decode
from kubecapy.client.connection import Connection, ExecPlugin
from kubecapy.client.interfaces import Unreachable
from kubecapy.clock import Clock
from kubecapy.telemetry.secrets import Secret

TOKEN_FILE_SECONDS = 60.0
"""A token file is read again after so long, as client-go does (client-go/transport/token_source.go)."""
EXEC_TIMEOUT_SECONDS = 30.0
"""A credentials program that takes longer is ended."""


class Credentials(Protocol):
    """Gives bearer tokens."""

    async def token(self) -> Secret[str] | None:
        """Return the token to send; None where none is sent. Raises Unreachable where it cannot be had."""
        ...

    def forget(self) -> bool:
        """Drop a token that the server refused; return whether `token` may give another one now."""
        ...


def credentials_of(connection: Connection, clock: Clock) -> Credentials:
    """Return the source of the tokens of `connection`."""
    if connection.token is not None:
        return FixedToken(connection.token)
    if connection.token_file is not None:
        return TokenFile(connection, clock)
    if connection.exec_plugin is not None:
        return ExecToken(connection.exec_plugin)
    return FixedToken(None)


class FixedToken:
    """Gives one token for ever, or none."""

    def __init__(self, token: Secret[str] | None) -> None:
        """Keep `token`."""
        self._token = token

    async def token(self) -> Secret[str] | None:
        """Return the token."""
        return self._token

    def forget(self) -> bool:
        """Return False: there is no other one."""
        return False


class TokenFile:
    """Gives the token of a file that others renew, such as a pod's service account token."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        """Read the file of `connection` at the first use."""
        self._path = connection.token_file
        self._clock = clock
        self._token: Secret[str] | None = None
        self._read_at = 0.0

    async def token(self) -> Secret[str] | None:
        """Return the file's content, at most a minute old."""
        now = self._clock.monotonic()
        if self._token is None or now - self._read_at > TOKEN_FILE_SECONDS:
            self._token, self._read_at = self._read(), now
        return self._token

    def forget(self) -> bool:
        """Return True: the file may hold a newer token."""
        self._token = None
        return True

    def _read(self) -> Secret[str]:
        # A few hundred bytes of a local file: not worth a thread.
        try:
            return Secret(self._path.read_text().strip() if self._path else "")
        except OSError as error:
            raise Unreachable(f"cannot read the token file {self._path}: {error.strerror}") from error


class _ExecStatus(msgspec.Struct, frozen=True):
    token: str = ""

    def __repr__(self) -> str:
        return "_ExecStatus(***)"


class _ExecCredential(msgspec.Struct, frozen=True):
    status: _ExecStatus = _ExecStatus()


class ExecToken:
    """Gives the token that a program prints; it runs again once the server refuses the token.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins.
    Limit: programs that print a client certificate instead of a token are refused with a message.
    """

    def __init__(self, plugin: ExecPlugin) -> None:
        """Run nothing yet."""
        self._plugin = plugin
        self._token: Secret[str] | None = None
        self._running = asyncio.Lock()

    async def token(self) -> Secret[str] | None:
        """Return the program's token, the same until it is forgotten."""
        async with self._running:
            if self._token is None:
                self._token = await self._run()
            return self._token

    def forget(self) -> bool:
        """Return True: the program may print a newer token."""
        self._token = None
        return True

    async def _run(self) -> Secret[str]:
        plugin = self._plugin
        request = f'{{"apiVersion":"{plugin.api_version}","kind":"ExecCredential","spec":{{"interactive":false}}}}'
        environment = {**os.environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": request}
        try:
            process = await asyncio.create_subprocess_exec(
                plugin.command,
                *plugin.args,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            hint = f"; {plugin.install_hint}" if plugin.install_hint else ""
            raise Unreachable(f"cannot run the credentials program {plugin.command}: {error.strerror}{hint}") from error
        try:
            async with asyncio.timeout(EXEC_TIMEOUT_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError as error:
            raise Unreachable(f"the credentials program {plugin.command} took too long") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return _token_of(output, plugin.command, process.returncode)


def _token_of(output: bytes, command: str, exit_code: int | None) -> Secret[str]:
    if exit_code != 0:
        raise Unreachable(f"the credentials program {command} failed with exit code {exit_code}")
    try:
        token = decode(output, _ExecCredential).status.token
    except DecodeError as error:
        raise Unreachable(f"the credentials program {command} printed no ExecCredential") from error
    if not token:
        raise Unreachable(f"the credentials program {command} printed no token")
    return Secret(token)
