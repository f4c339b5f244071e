"""Write a connection as a kubeconfig."""

import base64
from typing import Any

from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.client.connection import DEFAULT_NAMESPACE, Connection, ExecPlugin, Impersonation
from kubecapy.client.kubeconfig_file import (
    EXEC_EXTENSION,
    ExecVariable,
    KubeconfigCluster,
    KubeconfigContext,
    KubeconfigExec,
    KubeconfigFile,
    KubeconfigUser,
    NamedCluster,
    NamedContext,
    NamedExtension,
    NamedUser,
)


def render_kubeconfig(connection: Connection, *, cluster: str = "kubernetes", user: str = "kubernetes-admin") -> bytes:
    """Return `connection` as a self-contained kubeconfig with one context, `user@cluster`.

    The result holds the client key or token: write it with mode 0600 or keep it in a Secret.
    """
    context = f"{user}@{cluster}"
    namespace = "" if connection.namespace == DEFAULT_NAMESPACE else connection.namespace
    file = KubeconfigFile(
        clusters=(NamedCluster(cluster, _cluster_entry(connection)),),
        users=(NamedUser(user, _user_entry(connection)),),
        contexts=(NamedContext(context, KubeconfigContext(cluster=cluster, user=user, namespace=namespace)),),
        current_context=context,
    )
    return dump_yaml(file).encode()


def _cluster_entry(connection: Connection) -> KubeconfigCluster:
    return KubeconfigCluster(
        server=connection.server,
        certificate_authority_data=base64.b64encode(connection.ca).decode(),
        insecure_skip_tls_verify=connection.insecure,
        tls_server_name=connection.tls_server_name,
        proxy_url=connection.proxy_url,
        extensions=_extensions(connection.exec_plugin),
    )


def _user_entry(connection: Connection) -> KubeconfigUser:
    key = connection.client_key.reveal() if connection.client_key else b""
    return KubeconfigUser(
        client_certificate_data=base64.b64encode(connection.client_certificate).decode(),
        client_key_data=base64.b64encode(key).decode(),
        token=connection.token.reveal() if connection.token else "",
        token_file=str(connection.token_file) if connection.token_file else "",
        exec=_exec_entry(connection.exec_plugin) if connection.exec_plugin else None,
        **_impersonation(connection.impersonation),
    )


def _extensions(plugin: ExecPlugin | None) -> tuple[NamedExtension, ...] | None:
    return (NamedExtension(EXEC_EXTENSION, plugin.config),) if plugin and plugin.config else None


def _impersonation(wanted: Impersonation | None) -> dict[str, Any]:
    if wanted is None:
        return {}
    extra = dict(wanted.extra) or None
    return {"as_user": wanted.user, "as_uid": wanted.uid, "as_groups": wanted.groups or None, "as_user_extra": extra}


def _exec_entry(plugin: ExecPlugin) -> KubeconfigExec:
    return KubeconfigExec(
        command=plugin.command,
        args=plugin.args,
        env=tuple(ExecVariable(name, value) for name, value in plugin.env),
        api_version=plugin.api_version,
        install_hint=plugin.install_hint,
        interactive_mode=plugin.interactive_mode,
        provide_cluster_info=plugin.provide_cluster_info,
    )
