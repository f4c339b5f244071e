"""Describe kubeadm's configuration as a guest uses it, in one form for all API versions.

Sources: k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta1 (1.14), v1beta2 (1.21), v1beta3 (1.23), v1beta4 (1.31).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.apimachinery.meta import JsonObject, Value

Arguments = Mapping[str, str]


class Taint(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Keeps pods off a node."""

    key: str
    value: str = ""
    effect: str = ""


class NodeRegistration(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How the host registers its Node."""

    name: str = ""
    cri_socket: str = ""
    taints: tuple[Taint, ...] | None = None
    """None where the document says nothing: a control plane then gets its usual taint."""
    kubelet_extra_args: Any = None
    """A mapping up to v1beta3, a list of name and value from v1beta4 on."""
    ignore_preflight_errors: tuple[str, ...] = ()
    image_pull_policy: str = ""
    image_pull_serial: bool | None = None


class LocalApiEndpoint(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where this host's API server listens."""

    advertise_address: str = ""
    bind_port: int = 6443


class BootstrapToken(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A token to store in the new cluster."""

    token: str = ""
    ttl: str = "24h0m0s"
    expires: str = ""
    usages: tuple[str, ...] = ("signing", "authentication")
    groups: tuple[str, ...] = ("system:bootstrappers:kubeadm:default-node-token",)
    description: str = ""

    def __repr__(self) -> str:
        """Show the public half alone."""
        return f"BootstrapToken({self.token.partition('.')[0]})"


class InitConfiguration(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What `kubeadm init` does to this host."""

    bootstrap_tokens: tuple[BootstrapToken, ...] = ()
    node_registration: NodeRegistration = NodeRegistration()
    local_api_endpoint: LocalApiEndpoint = msgspec.field(default=LocalApiEndpoint(), name="localAPIEndpoint")
    certificate_key: str = ""
    skip_phases: tuple[str, ...] = ()
    dry_run: bool = False
    patches: JsonObject | None = None
    timeouts: JsonObject | None = None


class Networking(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The cluster's address ranges and domain."""

    service_subnet: str = "10.96.0.0/12"
    pod_subnet: str = ""
    dns_domain: str = "cluster.local"


class ControlPlaneComponent(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Settings of one component."""

    extra_args: Any = None
    """As `kubelet_extra_args`."""
    extra_volumes: tuple[JsonObject, ...] = ()
    extra_envs: tuple[JsonObject, ...] = ()


class ApiServer(ControlPlaneComponent, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Settings of kube-apiserver."""

    cert_sans: tuple[str, ...] = msgspec.field(default=(), name="certSANs")
    timeout_for_control_plane: str = ""


class Etcd(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where objects are stored; external etcd is refused, since guests have none."""

    local: JsonObject | None = None
    external: JsonObject | None = None


class ClusterConfiguration(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the cluster is like."""

    etcd: Etcd = Etcd()
    networking: Networking = Networking()
    kubernetes_version: str = ""
    control_plane_endpoint: str = ""
    api_server: ApiServer = ApiServer()
    controller_manager: ControlPlaneComponent = ControlPlaneComponent()
    scheduler: ControlPlaneComponent = ControlPlaneComponent()
    dns: JsonObject | None = None
    proxy: JsonObject | None = None
    certificates_dir: str = "/etc/kubernetes/pki"
    image_repository: str = ""
    use_hyper_kube_image: bool | None = None
    feature_gates: Mapping[str, bool] | None = None
    cluster_name: str = "kubernetes"
    encryption_algorithm: str = ""
    certificate_validity_period: str = ""
    ca_certificate_validity_period: str = ""


class BootstrapTokenDiscovery(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How a host that joins finds and trusts its cluster."""

    token: str
    api_server_endpoint: str = ""
    ca_cert_hashes: tuple[str, ...] = ()
    unsafe_skip_ca_verification: bool = msgspec.field(default=False, name="unsafeSkipCAVerification")

    def __repr__(self) -> str:
        """Show the endpoint alone."""
        return f"BootstrapTokenDiscovery({self.api_server_endpoint})"


class Discovery(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The ways of discovery; guests know the one by token."""

    bootstrap_token: BootstrapTokenDiscovery | None = None
    file: JsonObject | None = None
    tls_bootstrap_token: str = ""
    timeout: str = ""

    def __repr__(self) -> str:
        """Show no token."""
        return f"Discovery({self.bootstrap_token!r})"


class JoinControlPlane(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What makes a joining host a control plane."""

    local_api_endpoint: LocalApiEndpoint = msgspec.field(default=LocalApiEndpoint(), name="localAPIEndpoint")
    certificate_key: str = ""


class JoinConfiguration(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What `kubeadm join` does to this host."""

    node_registration: NodeRegistration = NodeRegistration()
    ca_cert_path: str = "/etc/kubernetes/pki/ca.crt"
    discovery: Discovery
    control_plane: JoinControlPlane | None = None
    skip_phases: tuple[str, ...] = ()
    dry_run: bool = False
    patches: JsonObject | None = None
    timeouts: JsonObject | None = None


def arguments_of(value: Any) -> Arguments:  # Any: a mapping, or a list of name and value
    """Return extra arguments as a mapping; of several with one name the last one counts.

    Raises:
        ValueError: it is neither form.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {str(name): str(text) for name, text in value.items()}
    if isinstance(value, list | tuple) and all(isinstance(item, Mapping) and "name" in item for item in value):
        return {str(item["name"]): str(item.get("value", "")) for item in value}
    raise ValueError("expected extra arguments as a mapping, or as a list of name and value")
