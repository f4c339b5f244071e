"""List the kinds of the named groups."""

from collections.abc import Iterable

from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apiserver.registry.builtin.selectable import fields_at
from kubecapy.apiserver.registry.columns import apps as app_columns
from kubecapy.apiserver.registry.columns import rules as rule_columns
from kubecapy.apiserver.registry.kinds import Column, ScalePaths, ServedKind, Strategy, Subresource, status_of
from kubecapy.apiserver.registry.kinds import scale_subresource as scale
from kubecapy.apiserver.registry.strategies import rules, workloads
from kubecapy.apiserver.registry.strategies.certificate_requests import CERTIFICATE_REQUESTS
from kubecapy.apiserver.registry.strategies.leases import LEASES

_RBAC = "rbac.authorization.k8s.io"


def group_kinds() -> Iterable[ServedKind]:
    """Yield the stored kinds of apps, coordination, rbac and certificates."""
    yield from _app_kinds()
    yield from _role_kinds()
    yield ServedKind(
        group="coordination.k8s.io",
        version="v1",
        kind="Lease",
        plural="leases",
        singular="lease",
        columns=rule_columns.LEASES,
        strategy=LEASES,
        description="Lease says who holds something, and for how long.",
    )
    yield ServedKind(
        group="certificates.k8s.io",
        version="v1",
        kind="CertificateSigningRequest",
        plural="certificatesigningrequests",
        singular="certificatesigningrequest",
        namespaced=False,
        short_names=("csr",),
        subresources=(
            status_of("certificates.k8s.io", "v1", "CertificateSigningRequest"),
            Subresource("approval", GroupVersionKind("certificates.k8s.io", "v1", "CertificateSigningRequest")),
        ),
        columns=rule_columns.CERTIFICATE_SIGNING_REQUESTS,
        fields=fields_at("spec.signerName"),
        strategy=CERTIFICATE_REQUESTS,
        description="CertificateSigningRequest asks a signer for a certificate.",
    )


def _app_kinds() -> Iterable[ServedKind]:
    scalable = ScalePaths()
    yield _app("Deployment", "deployments", ("deploy",), app_columns.DEPLOYMENTS, workloads.DEPLOYMENTS, scalable)
    yield _app("StatefulSet", "statefulsets", ("sts",), app_columns.STATEFUL_SETS, workloads.STATEFUL_SETS, scalable)
    yield _app("ReplicaSet", "replicasets", ("rs",), app_columns.REPLICA_SETS, workloads.REPLICA_SETS, scalable)
    yield _app("DaemonSet", "daemonsets", ("ds",), app_columns.DAEMON_SETS, workloads.DAEMON_SETS, None)


def _app(
    kind: str,
    plural: str,
    short_names: tuple[str, ...],
    columns: tuple[Column, ...],
    strategy: Strategy,
    scalable: ScalePaths | None,
) -> ServedKind:
    status = status_of("apps", "v1", kind)
    return ServedKind(
        group="apps",
        version="v1",
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        short_names=short_names,
        categories=("all",),
        subresources=(status, scale()) if scalable else (status,),
        columns=columns,
        strategy=strategy,
        scale=scalable,
        description=f"{kind} keeps pods of one template running.",
    )


def _role_kinds() -> Iterable[ServedKind]:
    yield _role("Role", "roles", namespaced=True)
    yield _role("ClusterRole", "clusterroles", namespaced=False)
    yield _binding("RoleBinding", "rolebindings", namespaced=True)
    yield _binding("ClusterRoleBinding", "clusterrolebindings", namespaced=False)


def _role(kind: str, plural: str, *, namespaced: bool) -> ServedKind:
    return ServedKind(
        group=_RBAC,
        version="v1",
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        namespaced=namespaced,
        columns=rule_columns.ROLES,
        strategy=rules.ROLES if namespaced else rules.CLUSTER_ROLES,
        description=f"{kind} lists what may be done.",
    )


def _binding(kind: str, plural: str, *, namespaced: bool) -> ServedKind:
    return ServedKind(
        group=_RBAC,
        version="v1",
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        namespaced=namespaced,
        columns=rule_columns.BINDINGS,
        strategy=rules.BINDINGS if namespaced else rules.CLUSTER_BINDINGS,
        description=f"{kind} grants a role to users, groups and service accounts.",
    )
