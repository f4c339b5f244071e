"""Know what a Kubernetes release needs on its host: kubeadm API, container runtime and where its programs are.

| release      | kubeadm API | container runtime               | programs come from             |
|--------------|-------------|---------------------------------|--------------------------------|
| 1.13 to 1.14 | v1beta1     | Docker through the dockershim   | dl.k8s.io (packages are gone)  |
| 1.15 to 1.21 | v1beta2     | Docker through the dockershim   | dl.k8s.io (packages are gone)  |
| 1.22 to 1.23 | v1beta3     | Docker through the dockershim   | dl.k8s.io (packages are gone)  |
| 1.24 to 1.30 | v1beta3     | containerd                      | pkgs.k8s.io                    |
| from 1.31    | v1beta4     | containerd                      | pkgs.k8s.io                    |

Sources: https://kubernetes.io/docs/reference/config-api/ (kubeadm-config.v1beta*),
https://kubernetes.io/blog/2023/08/15/pkgs-k8s-io-introduction/ (packages from 1.24 on; older ones were removed in
2024), https://kubernetes.io/blog/2022/02/17/dockershim-faq/ (dockershim removed in 1.24).
"""

import re
from typing import Final, Literal

import msgspec

from kubecapy.bootstrap.errors import InvalidWish

ContainerRuntime = Literal["docker", "containerd"]
KubeadmApi = Literal["v1beta1", "v1beta2", "v1beta3", "v1beta4"]

OLDEST_MINOR: Final = 13
"""1.13 is the first release with kubeadm's v1beta1 configuration."""

_VERSION = re.compile(r"v?(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)(?P<suffix>-[0-9A-Za-z.-]+)?", re.ASCII)


class KubernetesVersion(msgspec.Struct, frozen=True, order=True):
    """A release of Kubernetes."""

    major: int
    minor: int
    patch: int
    suffix: str = ""
    """Such as `-rc.1`; empty for a release proper."""

    def __str__(self) -> str:
        """Return `1.14.0`, without a leading v."""
        return f"{self.major}.{self.minor}.{self.patch}{self.suffix}"


class Release(msgspec.Struct, frozen=True):
    """What a host of one release needs."""

    kubeadm_api: KubeadmApi
    container_runtime: ContainerRuntime
    cri_socket: str
    """How kubeadm and kubelet reach the container runtime."""
    has_packages: bool
    """True where pkgs.k8s.io carries the release; else only the binaries on dl.k8s.io are left."""
    network_manifest: str
    """URL of the Calico manifest that fits the release."""


def parse_version(text: str, path: str) -> KubernetesVersion:
    """Return the version that the field at `path` holds; a leading v is accepted.

    Raises:
        InvalidWish: `text` is not `major.minor.patch`, or older than 1.13.
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        raise InvalidWish(f'{path}: expected a Kubernetes version such as 1.14.0, found "{text}"')
    version = KubernetesVersion(int(found["major"]), int(found["minor"]), int(found["patch"]), found["suffix"] or "")
    if (version.major, version.minor) < (1, OLDEST_MINOR):
        raise InvalidWish(f"{path}: Kubernetes {version} is too old, expected 1.{OLDEST_MINOR}.0 or later")
    return version


def release_of(version: KubernetesVersion) -> Release:
    """Return what hosts of `version` need."""
    minor = version.minor
    docker = minor < 24
    return Release(
        kubeadm_api=_kubeadm_api(minor),
        container_runtime="docker" if docker else "containerd",
        cri_socket="/var/run/dockershim.sock" if docker else "unix:///run/containerd/containerd.sock",
        has_packages=minor >= 24,
        network_manifest=_calico_manifest(minor),
    )


def _kubeadm_api(minor: int) -> KubeadmApi:
    if minor < 15:
        return "v1beta1"
    if minor < 22:
        return "v1beta2"
    return "v1beta3" if minor < 31 else "v1beta4"


def _calico_manifest(minor: int) -> str:
    # Source: the "Kubernetes requirements" page of each Calico release. Manifests moved twice over the years.
    if minor < 17:
        return "https://docs.projectcalico.org/v3.8/manifests/calico.yaml"
    if minor < 22:
        return "https://docs.projectcalico.org/archive/v3.20/manifests/calico.yaml"
    calico = "v3.25.2" if minor < 27 else "v3.29.1"
    return f"https://raw.githubusercontent.com/projectcalico/calico/{calico}/manifests/calico.yaml"
