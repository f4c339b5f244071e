"""The article's files, filled in for another cloud."""

import dataclasses

import pytest
import yaml
from demo.manifests import ARTICLE_NETWORK, ARTICLE_SECURITY_GROUP, EXAMPLES, FILES, CloudFacts, map_files

AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
FACTS = CloudFacts(
    auth_url="https://127.0.0.1:5000/v3",
    username="capi",
    password="s3cret",
    certificate=AUTHORITY,
    network_id="11111111-1111-4111-8111-111111111111",
    security_group_id="22222222-2222-4222-8222-222222222222",
    master_address="127.80.1.10",
    worker_address="127.80.1.11",
)


def provider_specs(text: str) -> list[dict]:
    document = yaml.safe_load(text)
    return [machine["spec"]["providerSpec"]["value"] for machine in document.get("items", [document])]


@pytest.mark.parametrize("name", ["machines.yaml", "machine.yaml"])
def test_machines_name_what_the_cloud_has(name: str) -> None:
    for value in provider_specs(map_files(FACTS)[name]):
        assert value["networks"] == [{"uuid": FACTS.network_id}]
        assert value["securityGroups"] == [{"uuid": FACTS.security_group_id}]
        assert value["floatingIP"] in (FACTS.master_address, FACTS.worker_address)


def test_the_clouds_authority_stands_in_clouds_yaml() -> None:
    cloud = yaml.safe_load(map_files(FACTS)["clouds.yaml"])["clouds"]["openstack"]

    assert cloud["cacert"] == AUTHORITY
    assert cloud["auth"]["password"] == FACTS.password


def test_a_cloud_without_https_has_no_authority() -> None:
    plain = dataclasses.replace(FACTS, certificate="")

    with_authority, without = (yaml.safe_load(map_files(facts)["clouds.yaml"]) for facts in (FACTS, plain))

    del with_authority["clouds"]["openstack"]["cacert"]
    assert without == with_authority


@pytest.mark.parametrize("name", [name for name in FILES if name != "clouds.yaml"])
def test_with_the_articles_own_ids_only_addresses_change(name: str) -> None:
    same = dataclasses.replace(FACTS, network_id=ARTICLE_NETWORK, security_group_id=ARTICLE_SECURITY_GROUP)
    article = (EXAMPLES / name).read_text().splitlines()

    changed = [
        line
        for line, was in zip(map_files(same)[name].splitlines(), article, strict=True)
        if line.strip() != was.strip()
    ]

    assert [line.partition(":")[0].strip() for line in changed] == ["floatingIP"] * len(changed)
