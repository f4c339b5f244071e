"""What a spec names must be there exactly once; each failure is one sentence, and nothing is made before it."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import PORT, Reconciler

from kubecapy.contract.errors import Conflict, NotFound, ProviderError
from kubecapy.devcloud.seed import NETWORK_ID, SECURITY_GROUP_ID, SUBNET_ID

Make = Callable[..., Reconciler]

UNKNOWN = "00000000-1111-2222-3333-444444444444"


@pytest.mark.parametrize(
    ("changes", "expected", "sentence"),
    [
        ({"flavor": "m1.huge"}, NotFound, r'flavor "m1.huge" does not exist for the project; there are m1.large, m1'),
        ({"image": "none"}, NotFound, r'image "none" does not exist in the project'),
        ({"image": UNKNOWN}, NotFound, rf'image "{UNKNOWN}" does not exist'),
        ({"keyName": "lost"}, NotFound, r'key pair "lost" is not registered .*openstack keypair create --public-key'),
        ({"availabilityZone": "mars"}, NotFound, r'availability zone "mars" does not exist; there are az2, nova'),
        ({"networks": [{"uuid": UNKNOWN}]}, NotFound, rf'network "id={UNKNOWN}" does not exist'),
        ({"networks": [{"filter": {"name": "x"}}]}, NotFound, r'network "name=x" does not exist'),
        ({"networks": [{"filter": {"status": "ACTIVE"}}]}, Conflict, r'network "status=ACTIVE" means 2 of them'),
        (
            {"networks": [{"uuid": NETWORK_ID, "subnets": [{"uuid": UNKNOWN}]}]},
            NotFound,
            rf'subnet "id={UNKNOWN} network_id={NETWORK_ID}" does not exist',
        ),
        ({"securityGroups": [{"uuid": UNKNOWN}]}, NotFound, rf'security group "id={UNKNOWN}" does not exist'),
        ({"securityGroups": [{"name": "x"}]}, NotFound, r'security group "name=x" does not exist'),
    ],
)
async def test_a_reference_that_is_not_there_is_named_and_nothing_is_made(
    cloud: CoreCloud, reconciler: Make, changes: dict[str, Any], expected: type[ProviderError], sentence: str
) -> None:
    before = cloud.holdings()
    with pytest.raises(expected, match=sentence):
        await reconciler(**changes).reserve()
    assert cloud.holdings() == before
    assert {entry.method for entry in cloud.entries()} <= {"GET"}


@pytest.mark.parametrize(
    "changes",
    [
        {"flavor": "3"},
        {"image": "a2f0c6de-31b7-4d55-9d0a-6c1b8e4f7a01"},
        {"availabilityZone": None},
        {"securityGroups": [{"name": "default"}]},
        {"securityGroups": [{"filter": {"id": SECURITY_GROUP_ID}}, {"uuid": SECURITY_GROUP_ID}]},
        {"securityGroups": None},
        {"networks": [{"filter": {"adminStateUp": True, "shared": False, "id": NETWORK_ID}}]},
        {"networks": [{"uuid": NETWORK_ID, "subnets": [{"filter": {"ipVersion": 4}}]}]},
        {"networks": [{"uuid": NETWORK_ID, "subnets": [{"uuid": SUBNET_ID}], "fixedIp": "10.6.0.9"}]},
        {"NETWORKS": [{"UUID": NETWORK_ID}], "networks": None},
        {"rootVolume": {"SourceUUID": "", "diskSize": 0}},
        {"tags": [], "serverMetadata": {}, "rootVolume": None},
    ],
)
async def test_other_ways_of_saying_the_same_work(cloud: CoreCloud, reconciler: Make, changes: dict[str, Any]) -> None:
    await reconciler(**changes).create()
    (server,) = cloud.world.servers.values()
    (port,) = [port for port in cloud.world.ports.values() if port.name == PORT]
    assert port.device_id == server.id
    assert len(port.security_groups) == 1


async def test_several_images_of_one_name_are_listed_and_none_is_guessed(cloud: CoreCloud, reconciler: Make) -> None:
    image = next(iter(cloud.world.images.values()))
    twin = msgspec.structs.replace(image, id=UNKNOWN)
    cloud.world.images[UNKNOWN] = twin
    with pytest.raises(Conflict, match=rf'image "{image.name}" means 2 of them, give the id of one: .*{UNKNOWN}'):
        await reconciler().reserve()


async def test_an_image_that_is_not_active_is_told_apart_from_a_missing_one(cloud: CoreCloud, reconciler: Make) -> None:
    image = next(iter(cloud.world.images.values()))
    cloud.world.images[image.id] = msgspec.structs.replace(image, status="queued")
    with pytest.raises(NotFound, match=rf'image "{image.name}" is not active but queued'):
        await reconciler().reserve()


async def test_something_that_appears_is_found_by_the_next_pass(cloud: CoreCloud, reconciler: Make) -> None:
    machine = reconciler(flavor="m1.new")
    with pytest.raises(NotFound):
        await machine.reserve()
    flavor = cloud.world.flavors["3"]
    cloud.world.flavors["9"] = msgspec.structs.replace(flavor, id="9", name="m1.new")
    await machine.reserve()


async def test_what_nova_refuses_after_all_is_looked_up_again(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler()
    await machine.reserve()
    gone = cloud.world.flavors.pop("3")
    cloud.world.flavors["9"] = msgspec.structs.replace(gone, id="9")
    with pytest.raises(ProviderError, match=r"[Ff]lavor"):
        await machine.make()
    assert (await machine.make()).state == "Pending"
