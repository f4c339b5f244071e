"""Say how a Kubernetes API is reached, and as whom."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from kubecapy.telemetry.secrets import Secret

DEFAULT_NAMESPACE = "default"

InteractiveMode = Literal["Never", "IfAvailable", "Always"]


class ExecPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """A program that prints credentials (client.authentication.k8s.io/v1 or v1beta1)."""

    command: str
    """Program, found on the PATH unless it names a folder, which is relative to the kubeconfig's."""
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    """Variables added to the environment of this process."""
    api_version: str = "client.authentication.k8s.io/v1"
    install_hint: str = ""
    """What the person should do where the program is missing."""
    interactive_mode: InteractiveMode = "IfAvailable"
    """Whether the program reads from a person's terminal."""
    provide_cluster_info: bool = False
    """Whether the program is told of the cluster, its CA included."""
    config: Mapping[str, Any] | None = None
    """What the cluster's entry says to the program (extension `client.authentication.k8s.io/exec`)."""


class Impersonation(msgspec.Struct, frozen=True, kw_only=True):
    """As whom requests are sent, where the sender may do that."""

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Further facts, by their names."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Server, trust and credentials; its `repr` shows no secret."""

    server: str
    """URL without a trailing slash, such as `https://127.0.0.1:6443`."""
    ca: bytes = b""
    """PEM certificates that the server's chain must lead to; the machine's own trust store where empty."""
    client_certificate: bytes = b""
    """PEM chain; empty where no certificate is offered."""
    client_key: Secret[bytes] | None = None
    """PEM key of `client_certificate`."""
    token: Secret[str] | None = None
    """Bearer token."""
    token_file: Path | None = None
    """File that holds the bearer token and is renewed by others; read again as it changes; it wins over `token`."""
    exec_plugin: ExecPlugin | None = None
    """Program that prints the credentials."""
    namespace: str = DEFAULT_NAMESPACE
    """Namespace of a person who names none."""
    tls_server_name: str = ""
    """Name that the server's certificate must carry, where it differs from the host of `server`."""
    insecure: bool = False
    """True where any certificate of the server is accepted."""
    proxy_url: str = ""
    """HTTP proxy; empty for none. The environment's proxy variables are not read."""
    impersonation: Impersonation | None = None
    """None where requests are sent as who sends them."""
    ca_file: Path | None = None
    """File that `ca` came from, where others renew it; read again as it changes."""

    def __repr__(self) -> str:
        """Return the server alone: a proxy's URL may hold a password."""
        return f"Connection({self.server!r}, ...)"
