"""Check a host before it becomes a node, in kubeadm's words.

Source: k8s.io/kubernetes/cmd/kubeadm/app/preflight/checks.go.
"""

from collections.abc import Iterable

import msgspec

from kubecapy.local.guest.host import Host, has_swap
from kubecapy.local.guest.kubeadm.errors import KubeadmError
from kubecapy.local.guest.kubeadm.layout import BOOTSTRAP_KUBELET_CONF, ETCD_DATA, KUBELET_CONF, MANIFESTS
from kubecapy.local.guest.programs import find_program

BRIDGE_SETTING = "/proc/sys/net/bridge/bridge-nf-call-iptables"
FORWARD_SETTING = "/proc/sys/net/ipv4/ip_forward"
ADVICE = (
    "[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`"
)
CONTAINERD_SINCE_MINOR = 24
"""The first release whose kubelet has no dockershim."""


class Finding(msgspec.Struct, frozen=True):
    """A check that failed."""

    name: str
    """As `--ignore-preflight-errors` takes it."""
    message: str
    is_fatal: bool = True
    """False for what kubeadm only warns of."""


def check_init(host: Host, minor: int, certificates: str) -> list[Finding]:
    """Return what keeps a control plane of release 1.`minor` from being made on `host`."""
    files = host.files
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
    present = [f"{MANIFESTS}/{name}.yaml" for name in names if files.exists(f"{MANIFESTS}/{name}.yaml")]
    found = [Finding(f"FileAvailable-{path.replace('/', '-')[1:]}", f"{path} already exists") for path in present]
    if files.is_folder(ETCD_DATA) and any(files.locate(ETCD_DATA).iterdir()):
        found.append(Finding(f"DirAvailable-{ETCD_DATA.replace('/', '-')[1:]}", f"{ETCD_DATA} is not empty"))
    half = [name for name in ("ca.crt", "ca.key") if files.is_file(f"{certificates}/{name}")]
    if half == ["ca.key"]:
        found.append(Finding("ExternalCA", f"{certificates}/ca.key is there without ca.crt"))
    return [*found, *_check_system(host, minor)]


def check_join(host: Host, minor: int, ca_path: str) -> list[Finding]:
    """Return what keeps `host` from joining a cluster of release 1.`minor`."""
    taken = [path for path in (KUBELET_CONF, BOOTSTRAP_KUBELET_CONF, ca_path) if host.files.exists(path)]
    found = [Finding(f"FileAvailable-{path.replace('/', '-')}", f"{path} already exists") for path in taken]
    return [*found, *_check_system(host, minor)]


def raise_findings(findings: Iterable[Finding], ignored: Iterable[str]) -> list[Finding]:
    """Return the findings that are not fatal or ignored: they become warnings.

    Raises:
        KubeadmError: one is not ignored; the message lists all of those.
    """
    folded = {name.casefold() for name in ignored}
    all_findings = list(findings)
    fatal = [finding for finding in all_findings if finding.is_fatal and not folded & {finding.name.casefold(), "all"}]
    if not fatal:
        return all_findings
    lines = "".join(f"\n\t[ERROR {finding.name}]: {finding.message}" for finding in fatal)
    raise KubeadmError("preflight", f"[preflight] Some fatal errors occurred:{lines}\n{ADVICE}")


def _check_system(host: Host, minor: int) -> list[Finding]:
    files = host.files
    found: list[Finding] = []
    runtime = "containerd" if minor >= CONTAINERD_SINCE_MINOR else "docker"
    if find_program(files, runtime) is None or not host.units.is_active(runtime):
        found.append(Finding("CRI", f"container runtime is not running: {runtime} is not there or not started"))
    if find_program(files, "kubelet") is None:
        found.append(Finding("FileExisting-kubelet", "kubelet not found in system path"))
    unit = host.units.find("kubelet")
    if unit is not None and not unit.enabled:
        advice = "kubelet service is not enabled, please run 'systemctl enable kubelet.service'"
        found.append(Finding("Service-Kubelet", advice, is_fatal=False))
    for path in (BRIDGE_SETTING, FORWARD_SETTING):
        name = f"FileContent-{path.replace('/', '-')}"
        if not files.is_file(path):
            found.append(Finding(name, f"{path} does not exist"))
        elif files.read_text(path).strip() != "1":
            found.append(Finding(name, f"{path} contents are not set to 1"))
    if has_swap(host):
        found.append(Finding("Swap", "running with swap on is not supported. Please disable swap"))
    return found
