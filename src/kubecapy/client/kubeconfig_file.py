"""Describe the kubeconfig file.

Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

EXEC_EXTENSION = "client.authentication.k8s.io/exec"
"""Extension of a cluster's entry that is handed to credentials programs."""


class KubeconfigCluster(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Where an API server is."""

    server: str
    certificate_authority: str = ""
    """Path of a PEM file, relative to the kubeconfig."""
    certificate_authority_data: str = ""
    """Base64 of PEM; wins over the path."""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    extensions: tuple["NamedExtension", ...] | None = None


class NamedExtension(msgspec.Struct, frozen=True):
    """An entry of `extensions`; what it holds is its reader's business."""

    name: str
    extension: Any = None


class ExecVariable(msgspec.Struct, frozen=True):
    """One environment variable of a credentials program."""

    name: str
    value: str


class KubeconfigExec(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A program that prints credentials."""

    command: str
    args: tuple[str, ...] | None = None
    env: tuple[ExecVariable, ...] | None = None
    api_version: str = ""
    install_hint: str = ""
    interactive_mode: str = ""
    provide_cluster_info: bool = False


class KubeconfigUser(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Who sends requests."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(name="tokenFile", default="")
    exec: KubeconfigExec | None = None
    username: str = ""
    password: str = ""
    auth_provider: Mapping[str, object] | None = None
    as_user: str = msgspec.field(name="as", default="")
    as_uid: str = ""
    as_groups: tuple[str, ...] | None = None
    as_user_extra: Mapping[str, tuple[str, ...]] | None = None

    def __repr__(self) -> str:
        """Return no content: keys and tokens stay secret."""
        return "KubeconfigUser(***)"


class KubeconfigContext(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """A cluster with a user and a namespace."""

    cluster: str
    user: str = ""
    namespace: str = ""


class NamedCluster(msgspec.Struct, frozen=True):
    """An entry of `clusters`."""

    name: str
    cluster: KubeconfigCluster


class NamedUser(msgspec.Struct, frozen=True):
    """An entry of `users`."""

    name: str
    user: KubeconfigUser = KubeconfigUser()


class NamedContext(msgspec.Struct, frozen=True):
    """An entry of `contexts`."""

    name: str
    context: KubeconfigContext


class KubeconfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    api_version: str = msgspec.field(name="apiVersion", default="v1")
    kind: str = "Config"
    clusters: tuple[NamedCluster, ...] | None = None
    users: tuple[NamedUser, ...] | None = None
    contexts: tuple[NamedContext, ...] | None = None
    current_context: str = msgspec.field(name="current-context", default="")
