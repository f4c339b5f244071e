"""Hand a kubelet its configuration and start it, as init and join both do."""

import shlex
from collections.abc import Mapping

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.configuration import NodeRegistration, arguments_of
from kubecapy.local.guest.kubeadm.errors import KubeadmError
from kubecapy.local.guest.kubeadm.layout import KUBELET_CONFIG, KUBELET_FLAGS
from kubecapy.local.guest.kubeadm.releases import Release
from kubecapy.local.guest.shell.streams import Write
from kubecapy.local.guest.units import MaskedUnit, UnknownUnit


def node_name_of(host: Host, registration: NodeRegistration) -> str:
    """Return the name of the host's Node."""
    return (registration.name or host.hostname).casefold()


def kubelet_flags(host: Host, registration: NodeRegistration, release: Release) -> Mapping[str, str]:
    """Return the flags that kubeadm writes for the kubelet."""
    flags: dict[str, str] = {}
    socket = registration.cri_socket
    if socket and "dockershim" not in socket and release.minor >= 24:
        flags["container-runtime-endpoint"] = socket if "://" in socket else f"unix://{socket}"
    elif release.minor < 24:
        flags["network-plugin"] = "cni"
    name = node_name_of(host, registration)
    if name != host.hostname.casefold():
        flags["hostname-override"] = name
    if registration.taints:
        taints = [f"{taint.key}={taint.value}:{taint.effect}" for taint in registration.taints]
        flags["register-with-taints"] = ",".join(taints)
    return {**flags, **arguments_of(registration.kubelet_extra_args)}


async def start_kubelet(
    host: Host, registration: NodeRegistration, release: Release, configuration: str, out: Write
) -> None:
    """Write the kubelet's files and (re)start its unit.

    Raises:
        KubeadmError: there is no kubelet unit to start.
    """
    flags = kubelet_flags(host, registration, release)
    line = " ".join(f"--{name}={value}" for name, value in sorted(flags.items()))
    out(f'[kubelet-start] Writing kubelet environment file with flags to file "{KUBELET_FLAGS}"\n')
    host.files.install(KUBELET_FLAGS, f"KUBELET_KUBEADM_ARGS={shlex.quote(line)}\n")
    out(f'[kubelet-start] Writing kubelet configuration to file "{KUBELET_CONFIG}"\n')
    host.files.install(KUBELET_CONFIG, configuration)
    out("[kubelet-start] Starting the kubelet\n")
    try:
        await host.units.restart("kubelet")
    except (UnknownUnit, MaskedUnit) as error:
        raise KubeadmError("kubelet-start", f"couldn't start the kubelet: unit {error} cannot be started") from error
