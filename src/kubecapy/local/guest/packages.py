"""Know the packages that a guest can install, and keep which ones it has.

Source: https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/ (pkgs.k8s.io, one
repository for each minor release) and the archives of Ubuntu and CentOS.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.programs import Program, install_program

STATE_PATH = "/var/lib/dpkg/packages.json"
KUBERNETES_PACKAGES = frozenset({"kubelet", "kubeadm", "kubectl"})

_KUBERNETES_REPOSITORY = re.compile(r"pkgs\.k8s\.io/core:/stable:/v(?P<minor>1\.\d+)/(?:deb|rpm)")
_DEFAULT_VERSIONS = {
    "containerd": "1.6.12", "containerd.io": "1.6.12", "docker.io": "20.10.21", "docker-ce": "20.10.21",
    "cri-tools": "1.26.0", "kubernetes-cni": "1.2.0",
}  # fmt: skip
_PROGRAMS = {"containerd": "containerd", "containerd.io": "containerd", "docker.io": "docker", "docker-ce": "docker",
             "docker": "docker", "cri-tools": "crictl"}  # fmt: skip
_UNITS = {"containerd": "containerd", "containerd.io": "containerd", "docker.io": "docker", "docker-ce": "docker",
          "docker": "docker", "kubelet": "kubelet", "chrony": "chrony", "ntp": "ntp"}  # fmt: skip
_REQUIRES = {
    "docker.io": ("containerd",), "docker-ce": ("containerd.io",), "kubeadm": ("kubelet", "kubectl", "cri-tools"),
    "kubelet": ("kubernetes-cni",),
}  # fmt: skip
_ORDINARY = frozenset({
    "apt-transport-https", "bash-completion", "ca-certificates", "chrony", "conntrack", "conntrack-tools", "curl",
    "device-mapper-persistent-data", "ebtables", "ethtool", "gnupg", "gnupg2", "gpg", "ipset", "iptables", "iproute",
    "iproute-tc", "ipvsadm", "jq", "lvm2", "lsb-release", "nfs-common", "nfs-utils", "ntp", "open-vm-tools",
    "policycoreutils-python", "prips", "python3", "software-properties-common", "socat", "sudo", "unzip", "vim",
    "wget", "yum-utils", "tmux", "htop",
})  # fmt: skip


class PackageMissing(Exception):
    """No repository has the package."""


class VersionMissing(Exception):
    """Repositories have the package, but not in the version that was asked for."""


class Package(msgspec.Struct, frozen=True):
    """One package in one version, such as kubelet 1.30.0."""

    name: str
    version: str


def kubernetes_minors(sources: Iterable[str]) -> set[str]:
    """Return the minor releases whose repositories the texts of package `sources` name."""
    lines = (line for text in sources for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {match["minor"] for line in lines for match in _KUBERNETES_REPOSITORY.finditer(line)}


def select_package(name: str, wanted: str, minors: Iterable[str]) -> Package:
    """Return the package `name` in version `wanted`: exact, with a `*` at its end, or the newest where it is empty.

    A repository of pkgs.k8s.io has every patch release of its minor one.

    Raises:
        PackageMissing: no repository has it.
        VersionMissing: none has that version.
    """
    if name in KUBERNETES_PACKAGES:
        return Package(name, _kubernetes_version(name, wanted, sorted(minors, key=_numbers)))
    if name not in _DEFAULT_VERSIONS and name not in _ORDINARY:
        raise PackageMissing(name)
    return Package(name, _DEFAULT_VERSIONS.get(name, "1.0"))


def with_requirements(packages: Iterable[Package], minors: Iterable[str]) -> list[Package]:
    """Return `packages` and before each what it needs; a named version wins over a needed one."""
    named = {package.name: package for package in packages}
    found: dict[str, Package] = {}
    for package in named.values():
        for name in _REQUIRES.get(package.name, ()):
            needed = package.version if name in KUBERNETES_PACKAGES else ""
            found.setdefault(name, named.get(name) or select_package(name, needed, minors))
        found[package.name] = package
    return list(found.values())


class PackageDatabase:
    """Remembers what is installed, in a file of the guest."""

    def __init__(self, host: Host) -> None:
        """Keep the packages of `host`."""
        self._host = host

    @property
    def installed(self) -> Mapping[str, str]:
        """Versions by name."""
        if not self._host.files.is_file(STATE_PATH):
            return {}
        return msgspec.json.decode(self._host.files.read(STATE_PATH), type=dict[str, str])

    async def install(self, package: Package) -> None:
        """Put a package's program and unit in place; Debian's packages start their services, Red Hat's do not."""
        program = _PROGRAMS.get(package.name) or (package.name if package.name in KUBERNETES_PACKAGES else "")
        if program:
            install_program(self._host.files, Program(program, package.version))
        unit = _UNITS.get(package.name)
        starts = self._host.system.family == "apt"
        if unit:
            self._host.units.install(unit, enabled=starts)
            if starts:
                await self._host.units.start(unit)
        state = {**self.installed, package.name: package.version}
        self._host.files.install(STATE_PATH, msgspec.json.encode(dict(sorted(state.items()))))


def _kubernetes_version(name: str, wanted: str, minors: list[str]) -> str:
    if not minors:
        raise PackageMissing(name)
    if not wanted:
        return f"{minors[-1]}.0"
    version = re.match(r"\d+\.\d+\.\d+", wanted)
    if version is None or version.group().rpartition(".")[0] not in minors:
        raise VersionMissing(wanted)
    return version.group()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
