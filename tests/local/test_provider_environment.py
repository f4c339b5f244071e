from base64 import b64encode
from pathlib import Path

import pytest

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.provider_environment import ProviderEnvironmentError, resolve_provider_environment

NAMESPACE = "openstack-provider-system"


def secret(name: str, namespace: str = NAMESPACE, **data: str) -> JsonObject:
    encoded = {key.replace("_", "."): b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": encoded}


def deployment(**container: object) -> JsonObject:
    pod = {
        "containers": [
            {
                "name": "manager",
                "image": "kubecapy/manager:1",
                "args": ["manager", "--controllers=machine", "--provider=openstack"],
                "env": [
                    {"name": "OS_CLOUD", "valueFrom": {"secretKeyRef": {"name": "cloud-selector", "key": "OS.CLOUD"}}},
                    {"name": "OS_CLIENT_CONFIG_FILE", "value": "/etc/openstack/clouds.yaml"},
                    {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                ],
                "volumeMounts": [{"name": "config", "mountPath": "/etc/openstack"}],
                **container,
            }
        ],
        "volumes": [{"name": "config", "secret": {"secretName": "cloud-config", "defaultMode": 0o444}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "clusterapi-controllers", "namespace": NAMESPACE},
        "spec": {"template": {"spec": pod}},
    }


CLOUD_CONFIG = secret("cloud-config", clouds_yaml="clouds: {}", cacert="PEM")
SELECTOR = secret("cloud-selector", OS_CLOUD="openstack")


def test_variables_name_files_that_are_there_and_private(tmp_path: Path) -> None:
    found = resolve_provider_environment([deployment(), CLOUD_CONFIG, SELECTOR], tmp_path / "provider")

    assert found.provider == "openstack"
    assert found.variables["OS_CLOUD"] == "openstack"
    clouds = Path(found.variables["OS_CLIENT_CONFIG_FILE"])
    assert clouds.read_text() == "clouds: {}"
    assert (clouds.parent / "cacert").read_text() == "PEM"
    assert clouds.is_relative_to(tmp_path)
    assert clouds.stat().st_mode & 0o777 == 0o600
    assert clouds.parent.stat().st_mode & 0o777 == 0o700


def test_nothing_of_the_persons_environment_gets_in(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("OS_PASSWORD", "mine")
    monkeypatch.setenv("KUBECONFIG", "mine")

    found = resolve_provider_environment([deployment(), CLOUD_CONFIG, SELECTOR], tmp_path)

    assert not {"OS_PASSWORD", "KUBECONFIG"} & set(found.variables)


def test_a_manifest_may_give_a_secret_as_plain_text(tmp_path: Path) -> None:
    plain = {**SELECTOR, "data": None, "stringData": {"OS.CLOUD": "mine"}}

    found = resolve_provider_environment([deployment(), CLOUD_CONFIG, plain], tmp_path)

    assert found.variables["OS_CLOUD"] == "mine"


@pytest.mark.parametrize(
    ("components", "sentence"),
    [
        ([CLOUD_CONFIG, SELECTOR], "no Deployment of the provider components runs a provider"),
        ([deployment(args=["manager"]), CLOUD_CONFIG, SELECTOR], "expected an argument --provider=NAME"),
        (
            [deployment(), SELECTOR],
            'clusterapi-controllers of the provider components: secret "cloud-config"',
        ),
        (
            [deployment(), secret("cloud-config", "elsewhere", clouds_yaml=""), SELECTOR],
            'secret "cloud-config" not found',
        ),
        ([deployment(), CLOUD_CONFIG, secret("cloud-selector", other="x")], "OS.CLOUD"),
    ],
    ids=["no-deployment", "no-flag", "no-secret", "other-namespace", "no-key"],
)
def test_what_is_missing_is_named(tmp_path: Path, components, sentence: str) -> None:
    with pytest.raises(ProviderEnvironmentError) as raised:
        resolve_provider_environment(components, tmp_path)

    assert sentence in str(raised.value)
