"""Choose the bootstrap cluster: embedded in this process, or one that exists."""

from pathlib import Path
from typing import Literal

import msgspec

from kubecapy.clusterctl.errors import ClusterctlError


class BootstrapChoice(msgspec.Struct, frozen=True):
    """What the person chose."""

    type: Literal["embedded", "existing"]
    kubeconfig: Path | None = None
    """Of the existing cluster."""


def choose_bootstrap(type_: str, kubeconfig: Path | None) -> BootstrapChoice:
    """Return the choice that the flags `--bootstrap-type` and `--bootstrap-cluster-kubeconfig` make.

    Raises:
        ClusterctlError: the type is not offered here, or both flags contradict each other.
    """
    if type_ in ("kind", "minikube"):
        raise ClusterctlError(
            f"bootstrap type {type_} is not supported; use --bootstrap-type embedded, which needs no Docker"
        )
    if type_ not in ("", "none", "embedded"):
        raise ClusterctlError(f'unknown bootstrap type "{type_}"; expected embedded, or none with a kubeconfig')
    if type_ == "embedded" and kubeconfig:
        raise ClusterctlError(
            "--bootstrap-type embedded and --bootstrap-cluster-kubeconfig exclude each other; pass one of them"
        )
    if kubeconfig:
        return BootstrapChoice("existing", kubeconfig)
    if type_ == "none":
        raise ClusterctlError(
            "bootstrap type none needs --bootstrap-cluster-kubeconfig; or pass --bootstrap-type embedded"
        )
    return BootstrapChoice("embedded")
