"""Read what a kubelet was told: flags that kubeadm and a person left in files of the host.

Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/.
"""

import re
import shlex
from collections.abc import Mapping

import msgspec

from kubecapy.local.guest.host import Host, has_swap
from kubecapy.local.guest.kubeadm.layout import DEFAULT_CA, KUBELET_CONFIG, KUBELET_FLAGS, MANIFESTS
from kubecapy.local.guest.programs import find_program

EXTRA_FLAGS = {"apt": "/etc/default/kubelet", "yum": "/etc/sysconfig/kubelet"}
KNOWN_FLAGS = frozenset({
    "address", "alsologtostderr", "anonymous-auth", "authentication-token-webhook", "authorization-mode",
    "bootstrap-kubeconfig", "cgroup-driver", "cgroup-root", "cgroups-per-qos", "client-ca-file", "cloud-config",
    "cloud-provider", "cluster-dns", "cluster-domain", "cni-bin-dir", "cni-conf-dir", "config", "container-runtime",
    "container-runtime-endpoint", "enforce-node-allocatable", "eviction-hard", "eviction-soft",
    "eviction-soft-grace-period", "fail-swap-on", "feature-gates", "hostname-override", "image-gc-high-threshold",
    "image-gc-low-threshold", "kube-reserved", "kubeconfig", "kubelet-cgroups", "logtostderr", "max-pods",
    "network-plugin", "node-ip", "node-labels", "node-status-update-frequency", "pod-infra-container-image",
    "pod-manifest-path", "port", "protect-kernel-defaults", "provider-id", "read-only-port", "register-node",
    "register-with-taints", "resolv-conf", "root-dir", "rotate-certificates", "rotate-server-certificates",
    "runtime-cgroups", "serialize-image-pulls", "system-reserved", "tls-cert-file", "tls-cipher-suites",
    "tls-min-version", "tls-private-key-file", "v", "volume-plugin-dir",
})  # fmt: skip


class KubeletError(Exception):
    """The kubelet cannot start; the message is what its log says."""


class KubeletTaint(msgspec.Struct, frozen=True):
    """A taint with which a Node registers."""

    key: str
    value: str
    effect: str


class KubeletSettings(msgspec.Struct, frozen=True):
    """What one kubelet does."""

    node_name: str
    version: str
    """With `v`, such as `v1.14.0`."""
    provider_id: str = ""
    node_ips: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    taints: tuple[KubeletTaint, ...] = ()
    manifest_folder: str = MANIFESTS
    client_ca: str = DEFAULT_CA
    runtime: str = "containerd"
    register: bool = True


def read_settings(host: Host) -> KubeletSettings:
    """Return the settings that the files of `host` say.

    Raises:
        KubeletError: the program or its configuration is missing, or a flag is unknown or malformed.
    """
    program = find_program(host.files, "kubelet")
    if program is None:
        raise KubeletError("kubelet: not found")
    if not host.files.is_file(KUBELET_CONFIG):
        raise KubeletError(
            f"failed to load Kubelet config file {KUBELET_CONFIG}, error failed to read kubelet config file: open "
            f"{KUBELET_CONFIG}: no such file or directory"
        )
    flags = _flags(host)
    if has_swap(host) and flags.get("fail-swap-on") != "false":
        raise KubeletError("running with swap on is not supported, please disable swap! or set --fail-swap-on to false")
    return KubeletSettings(
        node_name=flags.get("hostname-override") or host.hostname.casefold(),
        version=f"v{program.version}",
        provider_id=flags.get("provider-id", ""),
        node_ips=tuple(ip for ip in flags.get("node-ip", "").split(",") if ip) or host.facts.fixed_addresses,
        labels=_labels(flags.get("node-labels", "")),
        taints=(*_taints(flags.get("register-with-taints", "")), *_cloud_taint(flags)),
        manifest_folder=flags.get("pod-manifest-path") or MANIFESTS,
        client_ca=flags.get("client-ca-file") or DEFAULT_CA,
        runtime="containerd" if "container-runtime-endpoint" in flags else "docker",
        register=flags.get("register-node", "true") != "false",
    )


def _flags(host: Host) -> Mapping[str, str]:
    words: list[str] = []
    for path in (KUBELET_FLAGS, EXTRA_FLAGS[host.system.family]):
        text = host.files.read_text(path) if host.files.is_file(path) else ""
        for line in text.splitlines():
            name, equals, value = line.partition("=")
            if equals and name.strip() in ("KUBELET_KUBEADM_ARGS", "KUBELET_EXTRA_ARGS"):
                words.extend(shlex.split(" ".join(shlex.split(value))))
    flags: dict[str, str] = {}
    for word in words:
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("-") or name not in KNOWN_FLAGS:
            raise KubeletError(f"failed to parse kubelet flag: unknown flag: {word.partition('=')[0]}")
        flags[name] = value if equals else "true"
    return flags


def _labels(text: str) -> Mapping[str, str]:
    labels: dict[str, str] = {}
    for item in text.split(",") if text else ():
        name, equals, value = item.partition("=")
        if not equals:
            raise KubeletError(
                f'invalid argument "{text}" for "--node-labels" flag: malformed pair, expect string=string'
            )
        labels[name] = value
    return labels


def _taints(text: str) -> tuple[KubeletTaint, ...]:
    found: list[KubeletTaint] = []
    for item in text.split(",") if text else ():
        match = re.fullmatch(r"([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)", item)
        if match is None:
            raise KubeletError(
                f'invalid argument "{text}" for "--register-with-taints" flag: invalid taint spec: {item}'
            )
        found.append(KubeletTaint(match[1], match[2] or "", match[3]))
    return tuple(found)


def _cloud_taint(flags: Mapping[str, str]) -> tuple[KubeletTaint, ...]:
    """Return the taint that a node has until an external cloud provider has looked at it; nobody here does."""
    if flags.get("cloud-provider") != "external":
        return ()
    return (KubeletTaint("node.cloudprovider.kubernetes.io/uninitialized", "true", "NoSchedule"),)
