"""Read kubeconfigs: how a person, a pod or another cluster's Secret says where an API is.

Sources: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ and, for pods,
https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/.
"""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from kubecapy.apimachinery.codec import DecodeError, convert, load_yaml
from kubecapy.client.connection import DEFAULT_NAMESPACE, Connection, ExecPlugin
from kubecapy.client.kubeconfig_file import (
    KubeconfigCluster,
    KubeconfigContext,
    KubeconfigExec,
    KubeconfigFile,
    KubeconfigUser,
)
from kubecapy.client.kubeconfig_rendering import render_kubeconfig
from kubecapy.telemetry.secrets import Secret

__all__ = ["SERVICE_ACCOUNT_DIR", "KubeconfigError", "default", "in_cluster", "load", "render_kubeconfig"]

SERVICE_ACCOUNT_DIR: Final = "/var/run/secrets/kubernetes.io/serviceaccount"


class KubeconfigError(ValueError):
    """A kubeconfig cannot be used; the message is one sentence that says where and what to do."""


def load(source: Path | str | bytes, context: str | None = None) -> Connection:
    """Return the connection of a kubeconfig: a path, or the content as bytes.

    `context` is the name of a context, the file's current one where absent. Relative paths inside a file are
    relative to its folder. Bytes must hold everything themselves: they come from Secrets and from other hosts, whose
    authors may neither have files of this machine read nor programs of it run.

    Raises:
        KubeconfigError: the file is absent or malformed, or what it names is missing.
    """
    if isinstance(source, bytes):
        return _resolve(_Located(_parse(source, "kubeconfig"), "kubeconfig", None), context)
    path = Path(source)
    return _resolve(_Located(_parse(_read(path, "kubeconfig"), str(path)), str(path), path.parent), context)


def in_cluster(environ: Mapping[str, str]) -> Connection:
    """Return the connection of a pod with its service account.

    `SERVICE_ACCOUNT_DIR` in `environ` names the folder of the token where it is not the usual one.

    Raises:
        KubeconfigError: this is no pod, or its service account is not mounted.
    """
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        raise KubeconfigError("not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
    folder = Path(environ.get("SERVICE_ACCOUNT_DIR", SERVICE_ACCOUNT_DIR))
    namespace_file = folder / "namespace"
    namespace = namespace_file.read_text().strip() if namespace_file.is_file() else ""
    _read(folder / "token", "service account token")
    return Connection(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        ca=_read(folder / "ca.crt", "service account CA"),
        token_file=folder / "token",
        namespace=namespace or DEFAULT_NAMESPACE,
    )


def default(environ: Mapping[str, str], explicit: Path | str | None = None, context: str | None = None) -> Connection:
    """Return the connection that a person or process means.

    The first of these that is there: `explicit`, the files of KUBECONFIG (merged, the first to say something wins),
    the pod's service account, `~/.kube/config`.

    Raises:
        KubeconfigError: none of them is there, or the first one is unusable.
    """
    if explicit:
        return load(explicit, context)
    if environ.get("KUBECONFIG"):
        return _merged_from([Path(name) for name in environ["KUBECONFIG"].split(":") if name], context)
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return in_cluster(environ)
    home = Path(environ["HOME"]) / ".kube" / "config" if environ.get("HOME") else None
    if home is not None and home.is_file():
        return load(home, context)
    raise KubeconfigError("no cluster is named: give --kubeconfig or set KUBECONFIG")


class _Located(msgspec.Struct, frozen=True):
    """A parsed kubeconfig and where it came from."""

    file: KubeconfigFile
    source: str
    folder: Path | None

    def read(self, data: str, path: str, field: str) -> bytes:
        """Return inline base64 `data`, else the content of the file at `path`, else nothing."""
        if data:
            return _decoded(data, f"{self.source}: {field}-data")
        if not path:
            return b""
        return _read(self.path(path, field), f"{field} of {self.source}")

    def path(self, path: str, field: str) -> Path:
        """Return `path` made absolute."""
        if self.folder is None:
            inline = "token" if field == "tokenFile" else f"{field}-data"
            raise KubeconfigError(f"{self.source}: {field} names a file of this machine; inline it as {inline}")
        return self.folder / path

    def exec_plugin(self, entry: KubeconfigExec) -> ExecPlugin:
        """Return the program that `entry` names."""
        if self.folder is None:
            raise KubeconfigError(
                f"{self.source}: exec names a program of this machine; use a client certificate or a token"
            )
        return _exec_plugin(entry)


def _parse(content: bytes, source: str) -> KubeconfigFile:
    try:
        documents = load_yaml(content.decode())
        if len(documents) != 1 or not isinstance(documents[0], dict):
            raise KubeconfigError(f"{source}: expected one kubeconfig document with clusters, users and contexts")
        return convert(documents[0], KubeconfigFile)
    except (DecodeError, UnicodeDecodeError) as error:
        raise KubeconfigError(f"{source} is no kubeconfig: {error}") from error


def _merged_from(paths: list[Path], context: str | None) -> Connection:
    present = [path for path in paths if path.is_file()]
    if not present:
        raise KubeconfigError(f"KUBECONFIG names no existing file: {':'.join(str(path) for path in paths)}")
    files = [_Located(_parse(_read(path, "kubeconfig"), str(path)), str(path), path.parent) for path in present]
    wanted = context or next((f.file.current_context for f in files if f.file.current_context), "")
    holder = next((f for f in files if any(c.name == wanted for c in f.file.contexts or ())), files[0])
    # Clusters and users may stand in other files than the context; paths stay relative to their own file.
    found = _find_context(holder, wanted)
    cluster_file = next((f for f in files if any(c.name == found.cluster for c in f.file.clusters or ())), holder)
    user_file = next((f for f in files if any(u.name == found.user for u in f.file.users or ())), holder)
    return _connection(found, cluster_file, user_file)


def _resolve(located: _Located, context: str | None) -> Connection:
    return _connection(_find_context(located, context or located.file.current_context), located, located)


def _find_context(located: _Located, name: str) -> KubeconfigContext:
    if not name:
        raise KubeconfigError(f"{located.source} has no current-context; set one or name a context")
    known = {entry.name: entry.context for entry in located.file.contexts or ()}
    if name not in known:
        raise KubeconfigError(f'{located.source} has no context "{name}"; it has: {", ".join(known) or "none"}')
    return known[name]


def _connection(context: KubeconfigContext, cluster_file: _Located, user_file: _Located) -> Connection:
    cluster = _find_cluster(cluster_file, context.cluster)
    user = _find_user(user_file, context.user)
    certificate = user_file.read(user.client_certificate_data, user.client_certificate, "client-certificate")
    key = user_file.read(user.client_key_data, user.client_key, "client-key")
    return Connection(
        server=cluster.server.rstrip("/"),
        ca=cluster_file.read(
            cluster.certificate_authority_data, cluster.certificate_authority, "certificate-authority"
        ),
        client_certificate=certificate,
        client_key=Secret(key) if key else None,
        token=Secret(user.token) if user.token else None,
        token_file=user_file.path(user.token_file, "tokenFile") if user.token_file and not user.token else None,
        exec_plugin=user_file.exec_plugin(user.exec) if user.exec else None,
        namespace=context.namespace or DEFAULT_NAMESPACE,
        tls_server_name=cluster.tls_server_name,
        insecure=cluster.insecure_skip_tls_verify,
        proxy_url=cluster.proxy_url,
    )


def _find_cluster(located: _Located, name: str) -> KubeconfigCluster:
    found = next((entry.cluster for entry in located.file.clusters or () if entry.name == name), None)
    if found is None:
        raise KubeconfigError(f'{located.source} has no cluster "{name}", which its context names')
    if not found.server.startswith(("https://", "http://")):
        raise KubeconfigError(f'{located.source}: server of cluster "{name}" is no URL; write https://host:port')
    return found


def _find_user(located: _Located, name: str) -> KubeconfigUser:
    if not name:
        return KubeconfigUser()
    found = next((entry.user for entry in located.file.users or () if entry.name == name), None)
    if found is None:
        raise KubeconfigError(f'{located.source} has no user "{name}", which its context names')
    if found.username or found.auth_provider:
        raise KubeconfigError(
            f'{located.source}: user "{name}" has a password or an auth-provider, which Kubernetes no longer has;'
            " use a client certificate, a token or exec"
        )
    return found


def _exec_plugin(entry: KubeconfigExec) -> ExecPlugin:
    return ExecPlugin(
        command=entry.command,
        args=entry.args or (),
        env=tuple((variable.name, variable.value) for variable in entry.env or ()),
        api_version=entry.api_version,
        install_hint=entry.install_hint,
    )


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KubeconfigError(f"cannot read the {what} at {path}: {error.strerror}") from error


def _decoded(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise KubeconfigError(f"{what} is not base64") from error
