"""Run a credentials program and read what it prints.

Sources: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins and
client-go plugin/pkg/client/auth/exec/exec.go.
"""

import asyncio
import base64
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from kubecapy.apimachinery.codec import DecodeError, decode, encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import parse_time
from kubecapy.client.connection import Connection, ExecPlugin
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.tls import KeyPair
from kubecapy.tasks import TaskScope
from kubecapy.telemetry.secrets import Secret

RUN_SECONDS = 30.0
"""A program that takes longer is ended."""
INTERACTIVE_RUN_SECONDS = 300.0
"""The same where a person types into it."""
MAX_OUTPUT = 1 << 20
"""Limit: bytes of credentials; what follows is not read."""
MAX_COMPLAINT = 300
"""Limit: characters of a failing program's last line that are told."""

_LONG_WORD = re.compile(r"[A-Za-z0-9+=_-]{24,}")
"""What may be a token, or a piece of one; a complaint shows it as stars."""


class ExecCredentials(msgspec.Struct, frozen=True):
    """What a program printed."""

    token: Secret[str] | None
    pair: KeyPair | None
    expires: datetime | None
    """None for credentials that last until the server refuses them."""


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: str | None = None

    def __repr__(self) -> str:
        return "_Status(***)"


class _Credential(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


async def run_exec_plugin(
    connection: Connection, plugin: ExecPlugin, has_terminal: Callable[[], bool]
) -> ExecCredentials:
    """Return what `plugin` prints; its standard error goes where ours goes while a person sits there, else it is kept.

    Raises:
        Unreachable: the program is missing, fails, takes too long, wants a terminal that is not there, or prints no
            credentials of the version that was asked for. The message shows nothing that may be a secret.
    """
    is_interactive = _is_interactive(plugin, has_terminal)
    environment = {
        **os.environ,
        **dict(plugin.env),
        "KUBERNETES_EXEC_INFO": _request(connection, plugin, is_interactive),
    }
    try:
        process = await asyncio.create_subprocess_exec(
            plugin.command,
            *plugin.args,
            env=environment,
            stdin=None if is_interactive else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if is_interactive else asyncio.subprocess.PIPE,
        )
    except OSError as error:
        hint = f"; {plugin.install_hint}" if plugin.install_hint else ""
        raise Unreachable(f"cannot run the credentials program {plugin.command}: {error.strerror}{hint}") from error
    limit = INTERACTIVE_RUN_SECONDS if is_interactive else RUN_SECONDS
    try:
        async with asyncio.timeout(limit):
            output, complaint = await _communicate(process)
    except TimeoutError as error:
        raise Unreachable(f"the credentials program {plugin.command} took longer than {limit:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        why = f": {_shown(complaint)}" if complaint.strip() else ""
        raise Unreachable(f"the credentials program {plugin.command} failed with exit code {process.returncode}{why}")
    return read_exec_credential(output, plugin)


def read_exec_credential(output: bytes, plugin: ExecPlugin) -> ExecCredentials:
    """Return the credentials that `output` of `plugin` holds; Unreachable where it holds none of the right version."""
    program = f"the credentials program {plugin.command}"
    try:
        found = decode(output, _Credential)
    except DecodeError as error:
        raise Unreachable(f"{program} printed no ExecCredential") from error
    if found.kind != "ExecCredential":
        raise Unreachable(f"{program} printed no ExecCredential")
    if found.api_version != plugin.api_version:
        raise Unreachable(f"{program} is configured to use {plugin.api_version}, it printed {found.api_version}")
    status = found.status or _Status()
    if not (status.token or status.client_certificate_data or status.client_key_data):
        raise Unreachable(f"{program} printed neither a token nor a certificate with its key")
    if bool(status.client_certificate_data) != bool(status.client_key_data):
        raise Unreachable(f"{program} printed only one of certificate and key")
    certificate, key = status.client_certificate_data.encode(), status.client_key_data.encode()
    return ExecCredentials(
        token=Secret(status.token) if status.token else None,
        pair=KeyPair(certificate, Secret(key)) if key else None,
        expires=_expiry(status.expiration_timestamp, program),
    )


def _expiry(text: str | None, program: str) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError as error:
        raise Unreachable(f"{program} printed an expirationTimestamp that is no time") from error


def _is_interactive(plugin: ExecPlugin, has_terminal: Callable[[], bool]) -> bool:
    match plugin.interactive_mode:
        case "Never":
            return False
        case "IfAvailable":
            return has_terminal()
    if not has_terminal():
        raise Unreachable(
            f"the credentials program {plugin.command} needs a terminal (interactiveMode: Always), and standard input"
            " is none"
        )
    return True


def _request(connection: Connection, plugin: ExecPlugin, is_interactive: bool) -> str:  # noqa: FBT001 - private
    spec: dict[str, Any] = {"interactive": is_interactive}
    if plugin.provide_cluster_info:
        spec["cluster"] = _cluster(connection, plugin.config)
    return encode({"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec}).decode()


def _cluster(connection: Connection, config: Mapping[str, Any] | None) -> JsonObject:
    wanted = {
        "server": connection.server,
        "tls-server-name": connection.tls_server_name,
        "insecure-skip-tls-verify": connection.insecure,
        "certificate-authority-data": base64.b64encode(connection.ca).decode(),
        "proxy-url": connection.proxy_url,
        "config": config,
    }
    return {key: value for key, value in wanted.items() if value}


async def _communicate(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    async with TaskScope("credentials program") as scope:
        output = scope.start(_read(process.stdout), name="output")
        complaint = scope.start(_read(process.stderr), name="complaint")
        await process.wait()
    return output.result(), complaint.result()


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    """Return the beginning of `stream`, and read the rest away: a program must not wait for us."""
    kept = b""
    while stream is not None and (piece := await stream.read(1 << 16)):
        kept += piece[: MAX_OUTPUT - len(kept)]
    return kept


def _shown(complaint: bytes) -> str:
    last = complaint.decode(errors="replace").strip().splitlines()[-1]
    return _LONG_WORD.sub("***", last)[:MAX_COMPLAINT]
