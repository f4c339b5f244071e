import pytest

from kubecapy.bootstrap.errors import InvalidWish
from kubecapy.bootstrap.releases import KubernetesVersion, parse_version, release_of


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.14.0", KubernetesVersion(1, 14, 0)),
        ("v1.14.0", KubernetesVersion(1, 14, 0)),
        ("1.31.0-rc.1", KubernetesVersion(1, 31, 0, "-rc.1")),
    ],
)
def test_a_version_is_read_with_and_without_its_v(text: str, version: KubernetesVersion) -> None:
    assert parse_version(text, "spec.versions.kubelet") == version


@pytest.mark.parametrize("text", ["", "1.14", "latest", "1.14.0; reboot", "1.14.0\n", "\u0661.14.0"])
def test_a_wrong_version_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(InvalidWish, match=r"^spec\.versions\.kubelet: expected a Kubernetes version such as 1\.14\.0"):
        parse_version(text, "spec.versions.kubelet")


def test_a_version_too_old_is_refused() -> None:
    with pytest.raises(InvalidWish, match=r"Kubernetes 1\.12\.9 is too old"):
        parse_version("1.12.9", "spec.versions.kubelet")


def test_packages_are_where_they_still_exist() -> None:
    has_packages = {minor: release_of(KubernetesVersion(1, minor, 0)).has_packages for minor in (14, 23, 24, 36)}

    assert has_packages == {14: False, 23: False, 24: True, 36: True}
