"""Choose where a cluster's API server is reached; pure."""

from collections.abc import Sequence

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Machine


def plan_endpoint(
    current: ApiEndpoint | None, provided: ApiEndpoint | None, control_planes: Sequence[Machine], port: int
) -> ApiEndpoint | None:
    """Return the endpoint that a cluster should have; None while no address is known.

    The provider's own choice wins. Else the present one stays as long as a control plane has its address, or none
    has any: certificates and every kubelet's configuration hold it. Else it is the address of the first control
    plane that has one, the external address before the internal.

    Args:
        current: what the status says.
        provided: what the provider knows, such as a load balancer.
        control_planes: the control-plane machines that are to stay, oldest first.
        port: for an endpoint made of a machine's address.
    """
    if provided is not None:
        return provided
    addressed = [machine for machine in control_planes if machine.status.addresses]
    if current is not None and (not addressed or any(_has_address(machine, current.host) for machine in addressed)):
        return current
    hosts = (host for machine in addressed for host in _hosts(machine))
    first = next(hosts, None)
    return ApiEndpoint(host=first, port=port) if first else None


def _has_address(machine: Machine, host: str) -> bool:
    return any(address.address == host for address in machine.status.addresses)


def _hosts(machine: Machine) -> list[str]:
    wanted = ("ExternalIP", "InternalIP")
    return [address.address for type_ in wanted for address in machine.status.addresses if address.type == type_]
