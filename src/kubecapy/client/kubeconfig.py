"""Read kubeconfigs: how a person, a pod or another cluster's Secret says where an API is.

Sources: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ and, for pods,
https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/.
"""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from yarl import URL

from kubecapy.apimachinery.codec import DecodeError, convert, load_yaml
from kubecapy.client.connection import DEFAULT_NAMESPACE, Connection, ExecPlugin, Impersonation, InteractiveMode
from kubecapy.client.kubeconfig_file import (
    EXEC_EXTENSION,
    KubeconfigCluster,
    KubeconfigContext,
    KubeconfigExec,
    KubeconfigFile,
    KubeconfigUser,
)
from kubecapy.client.kubeconfig_rendering import render_kubeconfig
from kubecapy.telemetry.secrets import Secret

__all__ = ["SERVICE_ACCOUNT_DIR", "KubeconfigError", "default", "in_cluster", "load", "render_kubeconfig"]

EXEC_API_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
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
        ca_file=folder / "ca.crt",
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

    def renewed_ca(self, cluster: KubeconfigCluster) -> Path | None:
        """Return the file of the certificate authority; None where it stands inline or is the machine's own."""
        path = cluster.certificate_authority
        return self.path(path, "certificate-authority") if path else None

    def path(self, path: str, field: str) -> Path:
        """Return `path` made absolute."""
        if self.folder is None:
            inline = "token" if field == "tokenFile" else f"{field}-data"
            raise KubeconfigError(f"{self.source}: {field} names a file of this machine; inline it as {inline}")
        return self.folder / path

    def exec_plugin(self, entry: KubeconfigExec, config: Mapping[str, Any] | None) -> ExecPlugin:
        """Return the program that `entry` names; `config` is what the cluster's entry has for it."""
        if self.folder is None:
            raise KubeconfigError(
                f"{self.source}: exec names a program of this machine; use a client certificate or a token"
            )
        if not entry.command:
            raise KubeconfigError(f"{self.source}: exec names no command")
        if entry.api_version not in EXEC_API_VERSIONS:
            known = " or ".join(EXEC_API_VERSIONS)
            raise KubeconfigError(f'{self.source}: exec has apiVersion "{entry.api_version}"; it must be {known}')
        # client-go does the same: a bare name is looked up on the PATH.
        command = str((self.folder / entry.command).absolute()) if "/" in entry.command else entry.command
        return ExecPlugin(
            command=command,
            args=entry.args or (),
            env=tuple((variable.name, variable.value) for variable in entry.env or ()),
            api_version=entry.api_version,
            install_hint=entry.install_hint,
            interactive_mode=self._interactive_mode(entry),
            provide_cluster_info=entry.provide_cluster_info,
            config=config,
        )

    def _interactive_mode(self, entry: KubeconfigExec) -> InteractiveMode:
        match entry.interactive_mode:
            case "Never" | "IfAvailable" | "Always" as mode:
                return mode
            case "" if entry.api_version == EXEC_API_VERSIONS[1]:
                return "IfAvailable"
            case other:
                said = f'"{other}"' if other else "missing"
                raise KubeconfigError(
                    f"{self.source}: interactiveMode of exec is {said}; it must be Never, IfAvailable or Always"
                )


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
        token_file=user_file.path(user.token_file, "tokenFile") if user.token_file else None,
        exec_plugin=user_file.exec_plugin(user.exec, _exec_config(cluster)) if user.exec else None,
        namespace=context.namespace or DEFAULT_NAMESPACE,
        tls_server_name=cluster.tls_server_name,
        insecure=cluster.insecure_skip_tls_verify,
        proxy_url=cluster.proxy_url,
        impersonation=_impersonation(user),
        ca_file=cluster_file.renewed_ca(cluster),
    )


def _exec_config(cluster: KubeconfigCluster) -> Mapping[str, Any] | None:
    found = next((entry.extension for entry in cluster.extensions or () if entry.name == EXEC_EXTENSION), None)
    return found if isinstance(found, dict) else None


def _impersonation(user: KubeconfigUser) -> Impersonation | None:
    if not user.as_user:
        return None
    extra = tuple((name, tuple(values)) for name, values in (user.as_user_extra or {}).items())
    return Impersonation(user=user.as_user, uid=user.as_uid, groups=user.as_groups or (), extra=extra)


def _find_cluster(located: _Located, name: str) -> KubeconfigCluster:
    found = next((entry.cluster for entry in located.file.clusters or () if entry.name == name), None)
    if found is None:
        raise KubeconfigError(f'{located.source} has no cluster "{name}", which its context names')
    where = f'{located.source}: cluster "{name}"'
    if not found.server.startswith(("https://", "http://")):
        raise KubeconfigError(f'{located.source}: server of cluster "{name}" is no URL; write https://host:port')
    if URL(found.server).raw_user is not None:
        raise KubeconfigError(f"{where} has a user or password in its server; Kubernetes takes none")
    if found.insecure_skip_tls_verify and (found.certificate_authority or found.certificate_authority_data):
        raise KubeconfigError(f"{where} has both insecure-skip-tls-verify and a certificate-authority; remove one")
    if found.proxy_url and not found.proxy_url.startswith(("http://", "https://")):
        raise KubeconfigError(f"{where} has a proxy-url that is neither http:// nor https://; others are not supported")
    _refuse_both(where, "certificate-authority", found.certificate_authority, found.certificate_authority_data)
    return found


def _refuse_both(where: str, field: str, path: str, data: str) -> None:
    if path and data:
        raise KubeconfigError(f"{where} has both {field} and {field}-data; remove one")


def _find_user(located: _Located, name: str) -> KubeconfigUser:
    if not name:
        return KubeconfigUser()
    found = next((entry.user for entry in located.file.users or () if entry.name == name), None)
    if found is None:
        raise KubeconfigError(f'{located.source} has no user "{name}", which its context names')
    where = f'{located.source}: user "{name}"'
    if found.username or found.password:
        raise KubeconfigError(
            f"{where} has a password, which Kubernetes no longer takes; use a client certificate, a token or exec"
        )
    if found.auth_provider:
        raise KubeconfigError(
            f"{where} has an auth-provider, which Kubernetes no longer has; use exec, a token or a client certificate"
        )
    if not found.as_user and (found.as_uid or found.as_groups or found.as_user_extra):
        raise KubeconfigError(f"{where} impersonates a uid, groups or user-extra without a user; add as")
    _refuse_both(where, "client-certificate", found.client_certificate, found.client_certificate_data)
    _refuse_both(where, "client-key", found.client_key, found.client_key_data)
    return found


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
