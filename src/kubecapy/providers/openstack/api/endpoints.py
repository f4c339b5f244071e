"""Read where a cluster's spec says that its API server is reached.

The host and port come from one place for everything: the certificates, the kubeconfig, kubeadm and the security
group's rule. `clusterConfiguration.controlPlaneEndpoint`, the form of the last v1alpha1, and `controlPlaneEndpoint`,
the form of later versions, mean the same.
"""

from collections.abc import Iterable
from typing import Final

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint
from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.shared_rules import misfit, refusal

PORT_MAX: Final = 65535
CONFIGURED_KEY: Final = "controlPlaneEndpoint"
"""The only key of kubeadm's ClusterConfiguration that is read."""

_PORT_DETAIL: Final = f"a port is a number from 1 to {PORT_MAX}"


def endpoint_of(spec: ClusterProviderSpec) -> ApiEndpoint | None:
    """Return the endpoint that the spec names; None where it names none. The spec has passed `endpoint_errors`."""
    if spec.control_plane_endpoint is not None:
        return ApiEndpoint(host=spec.control_plane_endpoint.host, port=spec.control_plane_endpoint.port)
    return _configured(spec)


def api_port_of(spec: ClusterProviderSpec) -> int | None:
    """Return the port of the API server that the spec names; None where it leaves it to the controllers."""
    endpoint = endpoint_of(spec)
    return spec.api_server_port or (endpoint.port if endpoint else None)


def endpoint_errors(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    """Return what is wrong with what the spec says of the endpoint."""
    yield from _configuration_errors(spec, path)
    given = spec.control_plane_endpoint
    if given is not None:
        yield from _host_errors(given.host, f"{path}.controlPlaneEndpoint.host")
        yield from _port_errors(given.port, f"{path}.controlPlaneEndpoint.port")
    if spec.api_server_port:
        yield from _port_errors(spec.api_server_port, f"{path}.apiServerPort")
    configured = _configured(spec)
    named = [endpoint for endpoint in (_given(spec), configured) if endpoint is not None]
    if len(set(named)) > 1:
        yield refusal(
            path, "controlPlaneEndpoint", "clusterConfiguration names another endpoint, leave one of them out"
        )
    if spec.api_server_port and any(endpoint.port != spec.api_server_port for endpoint in named):
        yield misfit(path, "apiServerPort", "the endpoint has another port, leave one of them out")


def _given(spec: ClusterProviderSpec) -> ApiEndpoint | None:
    given = spec.control_plane_endpoint
    return ApiEndpoint(host=given.host, port=given.port) if given else None


def _configuration_errors(spec: ClusterProviderSpec, path: str) -> Iterable[FieldError]:
    path = f"{path}.clusterConfiguration"
    for key, value in (spec.cluster_configuration or {}).items():
        if key == CONFIGURED_KEY and (not value or _configured(spec) is None):
            detail = f'"{value}" is no endpoint, write host:port'
            yield FieldError(f"{path}.{key}", "FieldValueInvalid", detail)
        elif key not in (CONFIGURED_KEY, "apiVersion", "kind") and value:
            yield refusal(path, key, "not supported, change the template in the user-data Secret")


def _configured(spec: ClusterProviderSpec) -> ApiEndpoint | None:
    """Return the endpoint of kubeadm's configuration; None where there is none, or none that can be read.

    An IPv6 address stands in brackets, as in a URL.
    """
    text = (spec.cluster_configuration or {}).get(CONFIGURED_KEY)
    if not isinstance(text, str):
        return None
    host, _, port = text.rpartition(":")
    is_port = port.isdecimal() and 0 < int(port) <= PORT_MAX
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not host or not is_port or "/" in host:
        return None
    return ApiEndpoint(host=host, port=int(port))


def _host_errors(host: str, path: str) -> Iterable[FieldError]:
    if not host:
        yield FieldError(path, "FieldValueRequired", "give an address or a DNS name")
    elif "/" in host or " " in host:
        yield FieldError(path, "FieldValueInvalid", f'"{host}" is not an address or a DNS name')


def _port_errors(port: int, path: str) -> Iterable[FieldError]:
    if not 0 < port <= PORT_MAX:
        yield FieldError(path, "FieldValueInvalid", f"{port}: {_PORT_DETAIL}")
