"""A machine's providerSpec: what is accepted, and the sentence for each thing that is wrong."""

from typing import Any

import pytest
from tests.providers.openstack.machines import provider_spec

from kubecapy.providers.openstack.api.specs import decode_machine_spec, find_credentials


def errors_of(**changes: Any) -> list[str]:
    return [str(error) for error in decode_machine_spec(provider_spec(**changes), "value").errors]


def test_the_articles_spec_is_accepted_as_it_stands() -> None:
    spec = decode_machine_spec(
        {
            "apiVersion": "openstackproviderconfig/v1alpha1",
            "kind": "OpenstackProviderSpec",
            "flavor": "m1.medium",
            "image": "KVM-Ubt18.04-Srv-x64",
            "sshUserName": "cloudusr",
            "keyName": "cluster-api-provider-openstack",
            "availabilityZone": "nova",
            "networks": [{"uuid": "e2d9ead6-759b-4592-873d-981d3db07c86"}],
            "floatingIP": "9.20.206.8",
            "securityGroups": [{"uuid": "97acf9d4-e5bf-4fff-a2c0-be0b04fbc44b"}],
            "userDataSecret": {"name": "worker-user-data", "namespace": "openstack-provider-system"},
            "trunk": False,
        }
    ).value
    assert spec is not None
    assert spec.networks[0].uuid == "e2d9ead6-759b-4592-873d-981d3db07c86"
    assert spec.floating_ip == "9.20.206.8"
    assert spec.user_data_secret is not None
    assert spec.user_data_secret.namespace == "openstack-provider-system"


def test_keys_of_any_case_are_accepted() -> None:
    value = {"Flavor": "f", "IMAGE": "i", "sshUsername": "u", "floatingIp": "10.0.0.1", "networks": [{"UUID": "n"}]}
    spec = decode_machine_spec({**value, "rootVolume": {"SourceUUID": "x"}}).value
    assert spec is not None
    assert (spec.flavor, spec.image, spec.ssh_user_name, spec.floating_ip) == ("f", "i", "u", "10.0.0.1")
    assert spec.networks[0].uuid == "n"
    assert spec.root_volume is not None
    assert spec.root_volume.source_uuid == "x"


def test_nulls_count_as_absent() -> None:
    assert errors_of(rootVolume=None, tags=None, cloudsSecret=None) == []
    assert decode_machine_spec({**provider_spec(), "rootVolume": None, "tags": None}).errors == ()


@pytest.mark.parametrize(
    "api_version", ["", "openstackproviderconfig/v1alpha1", "openstackproviderconfig.k8s.io/v1alpha1"]
)
def test_both_spellings_of_the_group_are_accepted(api_version: str) -> None:
    assert errors_of(apiVersion=api_version) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"flavour": "x"}, 'value.flavour: unknown field "flavour", did you mean "flavor"?'),
        ({"zzz": 1}, 'value.zzz: unknown field "zzz"'),
        (
            {"networks": [{"filters": {"name": "x"}, "uuid": "n"}]},
            'value.networks[0].filters: unknown field "filters", did you mean "filter"?',
        ),
        ({"FLAVOR": "x"}, 'value.FLAVOR: "flavor" is given twice; letter case does not tell keys apart'),
        ({"flavor": 3}, "value.flavor: expected a string, got a number"),
        ({"flavor": None}, "value.flavor: flavor is required, give its name or id"),
        ({"image": ""}, "value.image: image is required, give its name or id"),
        ({"trunk": "no"}, "value.trunk: expected true or false, got a string"),
        ({"rootVolume": {"diskSize": True}}, "value.rootVolume.diskSize: expected a whole number, got a boolean"),
        ({"networks": {}}, "value.networks: expected a list, got a mapping"),
        ({"tags": ["a", None]}, "value.tags[1]: expected a string, got null"),
        ({"securityGroups": ["default"]}, "value.securityGroups[0]: expected a mapping, got a string"),
        ({"serverMetadata": {"a": 1}}, "value.serverMetadata.a: expected a string, got a number"),
        (
            {"networks": [{}]},
            "value.networks[0]: give uuid or a filter that selects exactly one network",
        ),
        (
            {"networks": [{"filter": {"limit": 1, "sortKey": "name"}}]},
            "value.networks[0]: give uuid or a filter that selects exactly one network",
        ),
        (
            {"networks": [{"uuid": "n", "subnets": [{}]}]},
            "value.networks[0].subnets[0]: give uuid or a filter that selects exactly one subnet",
        ),
        (
            {"networks": [{"uuid": "n", "fixedIp": "10.0.0.1", "subnets": [{"uuid": "a"}, {"uuid": "b"}]}]},
            (
                "value.networks[0].fixedIp: fixedIp is one address, but several subnets are given; "
                "give each its own networks entry"
            ),
        ),
        (
            {"securityGroups": [{}]},
            "value.securityGroups[0]: give uuid, name or a filter that selects exactly one security group",
        ),
        ({"floatingIP": "9.20.206"}, 'value.floatingIP: "9.20.206" is not an IP address'),
        (
            {"floatingIP": "<FLOATING_IP>"},
            "value.floatingIP: still holds the placeholder <FLOATING_IP>, put in the value of your cloud",
        ),
        (
            {"tags": ["a/b"]},
            'value.tags[0]: "a/b" is not a tag: 1 to 60 characters without commas and slashes',
        ),
        (
            {"serverMetadata": {"kubecapy-cluster": "x"}},
            'value.serverMetadata.kubecapy-cluster: keys that begin with "kubecapy" mark what is ours, choose another',
        ),
        (
            {"serverMetadata": {"a": "x" * 256}},
            "value.serverMetadata.a: keys and values have at most 255 characters, keys at least 1",
        ),
        (
            {"cloudsSecret": {"name": "s"}},
            "value.cloudName: required where cloudsSecret is set: the entry of its clouds.yaml",
        ),
        ({"cloudsSecret": {}, "cloudName": "c"}, "value.cloudsSecret.name: the Secret's name is required"),
        (
            {"kubeadmConfiguration": {"join": {"a": 1}}},
            "value.kubeadmConfiguration: not supported, change the template in the user-data Secret",
        ),
        (
            {"kind": "Machine"},
            'value.kind: unsupported value "Machine", supported values: "OpenstackProviderSpec"',
        ),
        (
            {"apiVersion": "v2"},
            (
                'value.apiVersion: unsupported value "v2", supported values: "openstackproviderconfig/v1alpha1", '
                '"openstackproviderconfig.k8s.io/v1alpha1"'
            ),
        ),
    ],
)
def test_each_wrong_field_gives_one_sentence_with_its_path(changes: dict[str, Any], sentence: str) -> None:
    assert errors_of(**changes) == [sentence]


def test_all_errors_are_told_at_once() -> None:
    assert len(errors_of(flavour="x", trunk="no", tags="x", networks=[{"uuid": 1}])) == 4


def test_a_missing_spec_and_one_that_is_no_mapping_are_named() -> None:
    assert [str(error) for error in decode_machine_spec(None, "value").errors] == [
        "value: the provider's part of the machine is missing"
    ]
    assert decode_machine_spec(["x"], "value").errors[0].detail == "expected a mapping, got a list"  # type: ignore[arg-type]  # what a person may write


def test_the_credentials_are_found_in_a_spec_that_is_otherwise_wrong() -> None:
    found = find_credentials({"CloudsSecret": {"name": "s", "namespace": "n"}, "cloudName": "c", "flavor": 7})
    assert found.secret is not None
    assert (found.secret.name, found.secret.namespace, found.cloud) == ("s", "n", "c")
    assert find_credentials(None).secret is None
    assert find_credentials({"cloudsSecret": "x", "cloudName": 3}).secret is None
