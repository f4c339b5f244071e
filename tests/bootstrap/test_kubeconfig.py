import base64
from datetime import timedelta

import pytest
from tests.bootstrap.builders import NOW, quick_key

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint
from kubecapy.apimachinery.codec import load_yaml
from kubecapy.bootstrap.certificates import Authorities, make_authority
from kubecapy.bootstrap.kubeconfig import is_current, render_admin_kubeconfig, server_url
from kubecapy.telemetry.secrets import Secret

ENDPOINT = ApiEndpoint(host="9.20.206.22", port=6443)


@pytest.fixture(scope="module")
def kubeconfig(authorities: Authorities) -> Secret[bytes]:
    return render_admin_kubeconfig("test1", ENDPOINT, authorities.cluster, NOW, quick_key)


def test_a_kubeconfig_leads_to_the_endpoint_and_trusts_the_authority(
    kubeconfig: Secret[bytes], authorities: Authorities
) -> None:
    (document,) = load_yaml(kubeconfig.reveal().decode())

    cluster = document["clusters"][0]["cluster"]
    assert cluster["server"] == "https://9.20.206.22:6443"
    assert base64.b64decode(cluster["certificate-authority-data"]).decode() == authorities.cluster.certificate
    assert document["current-context"] == "kubernetes-admin@test1"
    assert document["contexts"][0]["context"] == {"cluster": "test1", "user": "kubernetes-admin"}


def test_an_ipv6_host_gets_brackets() -> None:
    assert server_url(ApiEndpoint(host="2001:db8::1", port=443)) == "https://[2001:db8::1]:443"


def test_a_fresh_kubeconfig_is_current(kubeconfig: Secret[bytes], authorities: Authorities) -> None:
    assert is_current(kubeconfig, ENDPOINT, authorities.cluster, NOW + timedelta(days=200))


def test_a_kubeconfig_in_its_last_quarter_is_renewed(kubeconfig: Secret[bytes], authorities: Authorities) -> None:
    assert not is_current(kubeconfig, ENDPOINT, authorities.cluster, NOW + timedelta(days=280))


def test_a_kubeconfig_for_another_endpoint_is_not_current(kubeconfig: Secret[bytes], authorities: Authorities) -> None:
    assert not is_current(kubeconfig, ApiEndpoint(host="9.20.206.22", port=443), authorities.cluster, NOW)


def test_a_kubeconfig_of_another_authority_is_not_current(kubeconfig: Secret[bytes]) -> None:
    assert not is_current(kubeconfig, ENDPOINT, make_authority("kubernetes", NOW, quick_key), NOW)


@pytest.mark.parametrize("text", [b"", b"\xff", b"{}", b"clusters: []", b"a: [", b"clusters: 5\nusers: 7"])
def test_what_cannot_be_read_is_not_current(text: bytes, authorities: Authorities) -> None:
    assert not is_current(Secret(text), ENDPOINT, authorities.cluster, NOW)
