"""What a person is told who asks for something that the cloud has not, and that nothing is made meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.clouds.driving import Declared
from tests.clouds.eyes import Eyes

from kubecapy.contract.errors import Conflict, InvalidConfiguration, NotFound, ProviderError

Declare = Callable[..., Declared]
ABSENT = "00000000-0000-4000-8000-000000000000"

MISSING = [
    pytest.param({"flavor": "m1.none"}, NotFound, 'flavor "m1.none" does not exist', id="flavor by name"),
    pytest.param({"flavor": ABSENT}, NotFound, f'flavor "{ABSENT}" does not exist', id="flavor by id"),
    pytest.param({"image": "none"}, NotFound, 'image "none" does not exist', id="image by name"),
    pytest.param({"image": ABSENT}, NotFound, f'image "{ABSENT}" does not exist', id="image by id"),
    pytest.param({"keyName": "none"}, NotFound, 'key pair "none" is not registered', id="key pair"),
    pytest.param({"availabilityZone": "none"}, NotFound, 'availability zone "none" does not exist', id="zone"),
    pytest.param({"networks": [{"uuid": ABSENT}]}, NotFound, f'network "id={ABSENT}" does not exist', id="network"),
    pytest.param(
        {"networks": [{"filter": {"name": "none"}}]},
        NotFound,
        'network "name=none" does not exist',
        id="network filter",
    ),
    pytest.param(
        {"networks": [{"filter": {"name": "private"}, "subnets": [{"filter": {"cidr": "192.0.2.0/24"}}]}]},
        NotFound,
        "cidr=192.0.2.0/24",
        id="subnet",
    ),
    pytest.param({"securityGroups": [{"name": "none"}]}, NotFound, 'security group "name=none"', id="group"),
    pytest.param({"securityGroups": [{"uuid": ABSENT}]}, NotFound, f'security group "id={ABSENT}"', id="group by id"),
    pytest.param({"floatingIP": "192.0.2.9"}, NotFound, "192.0.2.9", id="floating address"),
]


@pytest.mark.parametrize(("wish", "kind", "words"), MISSING)
async def test_what_is_missing_is_named_and_nothing_is_made(
    declare: Declare, eyes: Eyes, wish: dict[str, Any], kind: type[ProviderError], words: str
) -> None:
    cluster = declare()
    cluster.add("node-1", **wish)
    error = await cluster.refusal("node-1")
    assert isinstance(error, kind), error
    assert words in str(error)
    assert "\n" not in str(error)


async def test_a_selector_that_means_several_things_names_them(declare: Declare, eyes: Eyes) -> None:
    groups = [eyes.member.network.create_security_group(name="twin") for _ in range(2)]
    try:
        cluster = declare()
        cluster.add("node-1", securityGroups=[{"name": "twin"}])
        error = await cluster.refusal("node-1")
        assert isinstance(error, Conflict)
        assert all(group.id in str(error) for group in groups)
    finally:
        for group in groups:
            eyes.member.network.delete_security_group(group)


async def test_a_wrong_field_is_named_with_the_nearest_known_one(declare: Declare) -> None:
    cluster = declare()
    cluster.add("node-1", flavour="m1.small")
    error = await cluster.refusal("node-1")
    assert isinstance(error, InvalidConfiguration)
    assert "flavour" in str(error)
    assert '"flavor"' in str(error)
