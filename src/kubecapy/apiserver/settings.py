"""Describe one API server: where it listens, whom it trusts, where it keeps its objects."""

from pathlib import Path

import msgspec


class WatchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How patient the server is with watchers."""

    bookmark_seconds: float = 60.0
    """How often an idle watch says how far it is; also how an idle server notices a client that is gone."""
    stall_seconds: float = 30.0
    """How long a client may take no bytes before its connection is cut."""
    buffered_changes: int = 1000
    """How many changes wait for a client before it is told to list again."""


class ApiServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a server needs to know from outside; paths name PEM files."""

    bind_addresses: tuple[str, ...] = ("127.0.0.1",)
    """IP addresses to listen on, all with the same port."""
    port: int = 0
    """0 lets the system choose a free one."""
    serving_certificate: Path
    """Certificate chain of the server, with the names and addresses that clients use."""
    serving_key: Path
    client_ca: Path | None = None
    """Authority of client certificates; None where client certificates are not accepted."""
    root_ca: Path | None = None
    """Authority of the serving certificate, published as ConfigMap `kube-root-ca.crt` in every namespace."""
    service_account_signing_key: Path | None = None
    """Signs tokens; None where TokenRequest is refused."""
    service_account_public_key: Path | None = None
    """Verifies tokens; None where service-account tokens are not accepted."""
    service_account_issuer: str = "https://kubernetes.default.svc.cluster.local"
    service_account_audience: str = "https://kubernetes.default.svc.cluster.local"
    store: Path | None = None
    """SQLite file; None keeps everything in memory."""
    git_version: str = "v1.14.0"
    """What `/version` and `kubectl version` say."""
    kubelet_client_certificate: Path | None = None
    """What the server shows to kubelets, for `pods/log`."""
    kubelet_client_key: Path | None = None
    kubelet_ca: Path | None = None
    """Authority of kubelets' serving certificates; None where they are self-signed and not verified."""
    anonymous_auth: bool = True
    """Whether requests without credentials are judged as `system:anonymous` instead of refused."""
    bootstrap_token_auth: bool = True
    """Whether Secrets of type `bootstrap.kubernetes.io/token` are credentials."""
    keepalive_seconds: float = 180.0
    """How long an idle connection is kept, and how long the head of a request may take to arrive.

    Longer than clients keep idle connections (Go 90 s, aiohttp 15 s): else they reuse one that is being closed.
    """
    change_history: int = 1024
    """How many changes of each kind are kept for watches that resume and for lists that page on."""
    watch: WatchLimits = WatchLimits()
