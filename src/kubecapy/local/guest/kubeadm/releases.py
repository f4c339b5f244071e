"""Know in what Kubernetes releases differ, as far as kubeadm's work on a guest shows it."""

import re

import msgspec

_FORM = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?")


class Release(msgspec.Struct, frozen=True, order=True):
    """A release of Kubernetes."""

    major: int
    minor: int
    patch: int
    suffix: str = ""

    def __str__(self) -> str:
        """Return `v1.14.0`."""
        return f"v{self.major}.{self.minor}.{self.patch}{self.suffix}"

    @property
    def line(self) -> str:
        """The minor release, `1.14`."""
        return f"{self.major}.{self.minor}"

    @property
    def control_plane_labels(self) -> tuple[str, ...]:
        """Labels of a control-plane Node: `master` up to 1.23, `control-plane` from 1.20 on.

        Source: https://github.com/kubernetes/enhancements/tree/master/keps/sig-cluster-lifecycle/kubeadm/2067-rename-master-label-taint.
        """
        old = ("node-role.kubernetes.io/master",) if self.minor < 24 else ()
        new = ("node-role.kubernetes.io/control-plane",) if self.minor >= 20 else ()
        exclude = ("node.kubernetes.io/exclude-from-external-load-balancers",) if self.minor >= 21 else ()
        return (*old, *new, *exclude)

    @property
    def control_plane_taints(self) -> tuple[str, ...]:
        """Keys of the taints of a control-plane Node: both names in 1.24, one before and one after."""
        old = ("node-role.kubernetes.io/master",) if self.minor < 25 else ()
        new = ("node-role.kubernetes.io/control-plane",) if self.minor >= 24 else ()
        return (*old, *new)

    @property
    def kubelet_config_name(self) -> str:
        """Name of the ConfigMap with the kubelets' configuration: with the release in it up to 1.23."""
        return f"kubelet-config-{self.line}" if self.minor < 24 else "kubelet-config"

    @property
    def image_repository(self) -> str:
        """Registry of the control plane's images; it moved with 1.25."""
        return "k8s.gcr.io" if self.minor < 25 else "registry.k8s.io"


def parse_release(text: str) -> Release | None:
    """Return the release that `text` names, with or without `v`; None where it is not `major.minor.patch`."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    major, minor, patch, suffix = found.groups()
    return Release(int(major), int(minor), int(patch), suffix or "")
