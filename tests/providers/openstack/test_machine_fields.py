"""What a machine's spec may say beside the article's fields, and the sentence for each thing that is wrong."""

from typing import Any

import pytest
from tests.providers.openstack.machines import provider_spec

from kubecapy.providers.openstack.api.ports_spec import AddressPair
from kubecapy.providers.openstack.api.specs import decode_machine_spec

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO7oGJYkzjJ4vnTTQX7rHj1dVdI5C0rNn7k4pJ8nU3xE someone@somewhere"

PORT: dict[str, Any] = {
    "network": {"name": "storage"},
    "nameSuffix": "storage",
    "fixedIPs": [{"subnet": {"uuid": "s"}, "ipAddress": "10.0.0.7"}],
    "securityGroups": [{"name": "g"}],
    "allowedAddressPairs": [{"ipAddress": "10.0.0.0/24", "macAddress": "fa:16:3e:00:00:01"}],
    "vnicType": "direct",
    "profile": {"capabilities": ["switchdev"]},
    "macAddress": "fa:16:3e:00:00:02",
    "enablePortSecurity": True,
    "trunk": True,
    "tags": ["t"],
}


def errors_of(**changes: Any) -> list[str]:
    return [str(error) for error in decode_machine_spec(provider_spec(**changes), "value").errors]


def test_every_option_of_a_port_is_read_in_any_case() -> None:
    spec = decode_machine_spec(provider_spec(PORTS=[{key.upper(): value for key, value in PORT.items()}])).value
    assert spec is not None
    (port,) = spec.ports
    assert port.network is not None
    assert (port.network.name, port.name_suffix, port.vnic_type) == ("storage", "storage", "direct")
    assert port.allowed_address_pairs == (AddressPair(ip_address="10.0.0.0/24", mac_address="fa:16:3e:00:00:01"),)
    assert (port.fixed_ips[0].ip_address, port.mac_address) == ("10.0.0.7", "fa:16:3e:00:00:02")
    assert (port.trunk, port.enable_port_security, port.profile) == (True, True, {"capabilities": ["switchdev"]})


def test_groups_of_a_port_that_are_absent_and_none_at_all_are_different_wishes() -> None:
    spec = decode_machine_spec(provider_spec(ports=[{}, {"securityGroups": []}])).value
    assert spec is not None
    assert [port.security_groups for port in spec.ports] == [None, ()]


@pytest.mark.parametrize(
    "changes",
    [
        {"rootVolume": {"diskSize": 0}},
        {"rootVolume": {"diskSize": 20, "volumeType": "fast", "availabilityZone": "nova"}},
        {"image": None, "rootVolume": {"sourceType": "volume", "sourceUUID": "v"}},
        {"image": None, "rootVolume": {"sourceType": "snapshot", "sourceUUID": "s", "deviceType": "disk"}},
        {"volumes": [{"name": "data", "diskSize": 5}, {"name": "logs", "diskSize": 1}]},
        {"floatingIPPool": {"name": "public"}},
        {"publicKey": KEY},
        {"publicKeySecret": {"name": "keys"}},
        {"serverGroup": "apart", "schedulerHints": {"different_host": ["a"]}},
        {"trunk": True},
    ],
)
def test_each_field_is_accepted(changes: dict[str, Any]) -> None:
    assert errors_of(**changes) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"ports": [{"description": "x"}]},
            'value.ports[0].description: unknown field "description"',
        ),
        (
            {"ports": [{"network": {}}]},
            "value.ports[0].network: give uuid, name or a filter that selects exactly one network",
        ),
        (
            {"ports": [{"nameSuffix": "1"}]},
            (
                'value.ports[0].nameSuffix: "1" is not a suffix: lower-case letters, digits and hyphens, '
                "not a number alone"
            ),
        ),
        ({"ports": [{"fixedIPs": [{}]}]}, "value.ports[0].fixedIPs[0]: give subnet or ipAddress"),
        (
            {"ports": [{"fixedIPs": [{"ipAddress": "x"}]}]},
            'value.ports[0].fixedIPs[0].ipAddress: "x" is not an IP address',
        ),
        (
            {"ports": [{"securityGroups": [{}]}]},
            "value.ports[0].securityGroups[0]: give uuid, name or a filter that selects exactly one security group",
        ),
        (
            {"ports": [{"allowedAddressPairs": [{"ipAddress": "10.0.0"}]}]},
            (
                'value.ports[0].allowedAddressPairs[0].ipAddress: "10.0.0" is neither an address nor a range in '
                "CIDR notation"
            ),
        ),
        (
            {"ports": [{"macAddress": "fa-16"}]},
            'value.ports[0].macAddress: "fa-16" is not a hardware address such as fa:16:3e:00:00:01',
        ),
        (
            {"ports": [{"enablePortSecurity": False, "securityGroups": [{"name": "g"}]}]},
            ("value.ports[0].securityGroups: means nothing where enablePortSecurity is false, leave one of them out"),
        ),
        (
            {"ports": [{"tags": ["a,b"]}]},
            'value.ports[0].tags[0]: "a,b" is not a tag: 1 to 60 characters without commas and slashes',
        ),
        ({"tags": ["t"] * 48}, "value.tags: at most 47 tags, three of Nova's 50 are ours"),
        (
            {"floatingIP": "10.0.0.1", "floatingIPPool": {"name": "public"}},
            "value.floatingIPPool: floatingIP is given too, leave one of them out",
        ),
        (
            {"floatingIPPool": {}},
            "value.floatingIPPool: give uuid, name or a filter that selects exactly one network",
        ),
        ({"keyName": "k", "publicKey": KEY}, "value.publicKey: keyName is given too, leave one of them out"),
        (
            {"publicKey": "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIO7oGJYkzjJ4vnTTQX7rHj1dVdI5C0rNn7k4pJ8nU3xE"},
            "value.publicKey: not an OpenSSH public key of one line, as in `ssh-ed25519 AAAA...`",
        ),
        ({"publicKeySecret": {}}, "value.publicKeySecret.name: the Secret's name is required"),
        (
            {"serverGroup": "g", "schedulerHints": {"group": "h"}},
            "value.schedulerHints.group: serverGroup is given too, leave one of them out",
        ),
        (
            {"rootVolume": {"sourceType": "disk", "diskSize": 5}},
            'value.rootVolume.sourceType: "disk" is none of image, volume, snapshot',
        ),
        (
            {"rootVolume": {"sourceType": "snapshot"}},
            "value.rootVolume.sourceUUID: give the id of the snapshot that the server boots from",
        ),
        (
            {"rootVolume": {"sourceType": "volume", "sourceUUID": "v", "volumeType": "fast"}},
            "value.rootVolume.volumeType: the volume is given as it is, leave this out",
        ),
        ({"rootVolume": {"diskSize": -1}}, "value.rootVolume.diskSize: -1 GiB are not a size, give 0 or more"),
        ({"volumes": [{"name": "a"}]}, "value.volumes[0].diskSize: 0 GiB are not a size, give 1 or more"),
        (
            {"volumes": [{"name": "root", "diskSize": 1}]},
            (
                'value.volumes[0].name: "root" is not a volume\'s name: lower-case letters, digits and hyphens; '
                '"root" is the root volume\'s'
            ),
        ),
    ],
)
def test_each_wrong_field_gives_one_sentence_with_its_path(changes: dict[str, Any], sentence: str) -> None:
    assert errors_of(**changes) == [sentence]


def test_names_that_are_given_twice_are_told_at_each() -> None:
    ports = [{"nameSuffix": "a"}, {"nameSuffix": "a"}]
    volumes = [{"name": "a", "diskSize": 1}, {"name": "a", "diskSize": 1}]
    assert errors_of(ports=ports, volumes=volumes) == [
        'value.ports[0].nameSuffix: "a" is given to 2 ports',
        'value.ports[1].nameSuffix: "a" is given to 2 ports',
        'value.volumes[0].name: "a" is given to 2 volumes',
        'value.volumes[1].name: "a" is given to 2 volumes',
    ]


def test_an_unknown_kind_of_card_is_told_with_those_there_are() -> None:
    (sentence,) = errors_of(ports=[{"vnicType": "fast"}])
    assert sentence.startswith('value.ports[0].vnicType: "fast" is none of normal, direct, ')
