"""Each field about the server itself does what it says: what the cloud then holds is looked at."""

from collections.abc import Callable

import msgspec
import pytest
from tests.providers.openstack.conftest import Secrets
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import OWNER, Reconciler
from tests.providers.openstack.test_machine_fields import KEY

from kubecapy.contract.errors import Conflict, InvalidConfiguration, NotFound
from kubecapy.devcloud.seed import MEMBER_USER_ID, PROJECT
from kubecapy.devcloud.world.compute import ServerGroup
from kubecapy.providers.openstack.services.key_pairs import key_pair_name

Make = Callable[..., Reconciler]
PAIR = key_pair_name(OWNER.mark, KEY)


def add_group(cloud: CoreCloud, id_: str, name: str = "apart") -> None:
    cloud.world.server_groups[id_] = ServerGroup(id_, name, PROJECT.id, MEMBER_USER_ID, "soft-anti-affinity")


def key_pairs(cloud: CoreCloud) -> list[str]:
    return [pair.name for pair in cloud.world.key_pairs.values()]


@pytest.mark.parametrize("named", ["apart", "0c2b9d0e-3f44-4f58-9a5e-1f0f0c9b7a01"])
async def test_a_server_joins_the_group_that_the_spec_names(cloud: CoreCloud, reconciler: Make, named: str) -> None:
    add_group(cloud, "0c2b9d0e-3f44-4f58-9a5e-1f0f0c9b7a01")
    await reconciler(serverGroup=named).create()
    (server,) = cloud.world.servers.values()
    assert server.group_id == "0c2b9d0e-3f44-4f58-9a5e-1f0f0c9b7a01"


async def test_a_group_that_is_missing_or_there_twice_is_told_before_anything_is_made(
    cloud: CoreCloud, reconciler: Make
) -> None:
    with pytest.raises(NotFound, match='server group "apart" does not exist'):
        await reconciler(serverGroup="apart").reserve()
    add_group(cloud, "one")
    add_group(cloud, "two")
    with pytest.raises(Conflict, match=r'server group "apart" means 2 of them, give the id of one: apart \(one\)'):
        await reconciler(serverGroup="apart").reserve()
    assert cloud.holdings()[1] == []


async def test_scheduler_hints_reach_the_scheduler(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    other = reconciler(name="other")
    await other.create()
    clock.pass_(10)
    (first,) = cloud.world.servers.values()
    await reconciler(schedulerHints={"different_host": [first.id]}).create()
    (server,) = [server for server in cloud.world.servers.values() if server.name == "node-1"]
    assert server.hints == {"different_host": [first.id]}


async def test_zone_metadata_tags_and_config_drive_are_what_the_spec_says(cloud: CoreCloud, reconciler: Make) -> None:
    await reconciler(
        availabilityZone="nova", serverMetadata={"rack": "7"}, tags=["blue"], configDrive=True, keyName=None
    ).create()
    (server,) = cloud.world.servers.values()
    assert (server.pinned_zone, server.config_drive, server.key_name) == ("nova", True, None)
    assert server.metadata == {
        "rack": "7",
        "kubecapy-cluster": OWNER.mark,
        "kubecapy-machine": "default/node-1",
        "kubecapy-machine-mark": OWNER.machine_mark,
    }
    assert set(server.tags) == {"kubecapy", OWNER.mark, OWNER.machine_mark, "blue"}


async def test_image_and_flavor_are_found_by_their_ids_too(cloud: CoreCloud, reconciler: Make) -> None:
    (image_id,) = [image.id for image in cloud.world.images.values() if image.name == "KVM-CentOS7-x64"]
    await reconciler(image=image_id, flavor="4").create()
    (server,) = cloud.world.servers.values()
    assert (server.image_id, server.flavor.name) == (image_id, "m1.large")


async def test_a_key_pair_is_made_of_a_public_key_once_for_all_machines_and_goes_with_the_last(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machines = [reconciler(name=name, publicKey=KEY) for name in ("node-1", "node-10")]
    for machine in machines:
        await machine.create()
    assert key_pairs(cloud) == [PAIR]
    assert {server.key_name for server in cloud.world.servers.values()} == {PAIR}
    clock.pass_(30)
    await machines[0].vanish(clock)
    assert key_pairs(cloud) == [PAIR]
    await machines[1].vanish(clock)
    assert key_pairs(cloud) == []


async def test_a_key_pair_that_the_last_machine_took_along_is_made_anew_for_the_next(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    late = reconciler(name="late", publicKey=KEY)
    await late.reserve()
    first = reconciler(publicKey=KEY)
    await first.create()
    await first.vanish(clock)
    await late.make()
    assert key_pairs(cloud) == [PAIR]


async def test_a_public_key_is_read_from_a_secret(cloud: CoreCloud, secrets: Secrets, reconciler: Make) -> None:
    machine = reconciler(publicKeySecret={"name": "keys", "namespace": "system", "key": "mine"})
    with pytest.raises(NotFound, match="Secret system/keys, which publicKeySecret names, does not exist"):
        await machine.reserve()
    secrets.data["system", "keys"] = {"ssh-publickey": KEY.encode()}
    with pytest.raises(NotFound, match='Secret system/keys, which publicKeySecret names, has no key "mine"'):
        await machine.reserve()
    secrets.data["system", "keys"] = {"mine": b"-----BEGIN OPENSSH PRIVATE KEY-----"}
    with pytest.raises(InvalidConfiguration, match='key "mine" of Secret system/keys holds no OpenSSH public key'):
        await machine.reserve()
    secrets.data["system", "keys"] = {"mine": f"{KEY}\n".encode()}
    await machine.create()
    assert key_pairs(cloud) == [PAIR]


async def test_a_key_pair_of_a_person_stays(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    maker = reconciler(publicKey=KEY)
    await maker.reserve()
    (pair,) = cloud.world.key_pairs.values()
    cloud.world.key_pairs[MEMBER_USER_ID, "mine"] = msgspec.structs.replace(pair, name="mine")
    machine = reconciler(name="node-2", keyName="mine")
    await machine.create()
    (server,) = cloud.world.servers.values()
    assert server.key_name == "mine"
    clock.pass_(30)
    await machine.vanish(clock)
    await maker.vanish(clock)
    assert key_pairs(cloud) == ["mine"]
