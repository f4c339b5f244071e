"""Each field about volumes does what it says: what the cloud then holds is looked at."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import OWNER, Reconciler, make_cluster, make_machine

from kubecapy.contract.errors import CapacityExhausted, Conflict, NotFound, NotReady, Unavailable
from kubecapy.devcloud.faults import Drop, Pattern, Rule
from kubecapy.devcloud.seed import IMAGE_NAMES, PROJECT
from kubecapy.devcloud.settings import Timing
from kubecapy.devcloud.world.volume import Volume
from kubecapy.devcloud.world.volumes import put_volume_in_error
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator

Make = Callable[..., Reconciler]
ROOT = {"diskSize": 20}
DATA = {"name": "data", "diskSize": 5}
IMAGE_ID = next(id_ for id_, (name, _) in IMAGE_NAMES.items() if name == "KVM-Ubt18.04-Srv-x64")


def volumes(cloud: CoreCloud) -> list[Volume]:
    return sorted(cloud.world.volumes.values(), key=lambda volume: volume.name)


async def test_a_server_boots_from_a_volume_that_is_made_of_the_image(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(rootVolume={**ROOT, "volumeType": "fast", "availabilityZone": "nova"})
    await machine.settle(clock)
    clock.pass_(30)
    assert await machine.observe() is not None
    (volume,), (server,) = volumes(cloud), cloud.world.servers.values()
    assert (volume.size_gib, volume.image_id, volume.zone) == (20, IMAGE_ID, "nova")
    assert cloud.world.volume_types[volume.type_id].name == "fast"
    assert (volume.name, volume.description) == (OWNER.volume_name("root"), OWNER.own_description)
    assert volume.metadata["kubecapy-machine-mark"] == OWNER.machine_mark
    assert (volume.status, volume.server_id) == ("in-use", server.id)
    assert server.image_id is None
    (device,) = server.devices
    assert (device.volume_id, device.is_root, device.delete_on_termination) == (volume.id, True, True)
    assert machine.machine.status.provider_status is not None
    assert list(machine.machine.status.provider_status["volumes"]) == [{"id": volume.id, "name": volume.name}]


async def test_further_volumes_are_attached_beside_the_flavors_disk(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    await reconciler(volumes=[DATA, {"name": "logs", "diskSize": 1, "deleteOnTermination": False}]).settle(clock)
    (server,) = cloud.world.servers.values()
    assert server.image_id == IMAGE_ID
    data, logs = volumes(cloud)
    assert [(volume.name, volume.size_gib) for volume in (data, logs)] == [
        (OWNER.volume_name("data"), 5),
        (OWNER.volume_name("logs"), 1),
    ]
    kept = {device.volume_id: not device.delete_on_termination for device in server.devices}
    assert kept == {data.id: False, logs.id: True}


async def test_a_root_volume_of_a_given_image_boots_that_image(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    other = next(id_ for id_ in IMAGE_NAMES if id_ != IMAGE_ID)
    await reconciler(rootVolume={**ROOT, "sourceType": "image", "SourceUUID": other}).settle(clock)
    assert [volume.image_id for volume in volumes(cloud)] == [other]


async def test_a_volume_that_a_person_gave_is_booted_from_and_stays(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    maker = reconciler(name="maker", rootVolume={**ROOT, "deleteOnTermination": False})
    await maker.settle(clock)
    clock.pass_(30)
    await maker.vanish(clock)
    (given,) = volumes(cloud)
    cloud.world.volumes[given.id] = msgspec.structs.replace(given, metadata={}, description=None, name="mine")
    source = {"sourceType": "volume", "sourceUUID": given.id}
    machine = reconciler(image=None, rootVolume=source)
    await machine.settle(clock)
    (server,) = cloud.world.servers.values()
    assert [device.volume_id for device in server.devices] == [given.id]
    clock.pass_(30)
    await machine.vanish(clock)
    assert [(volume.name, volume.status) for volume in volumes(cloud)] == [("mine", "available")]


async def test_volumes_go_with_the_machine_but_for_those_that_are_to_stay(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    before = cloud.holdings()
    stays = {"name": "stays", "diskSize": 1, "deleteOnTermination": False}
    machine = reconciler(rootVolume=ROOT, volumes=[DATA, stays])
    await machine.settle(clock)
    clock.pass_(30)
    await machine.vanish(clock)
    assert [(volume.name, volume.status) for volume in volumes(cloud)] == [(OWNER.volume_name("stays"), "available")]
    assert cloud.holdings() == before


async def test_volumes_of_a_server_that_never_was_are_deleted_and_waited_for(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(rootVolume=ROOT)
    await machine.reserve()
    clock.pass_(2)
    deletion = await machine.actuator.delete(machine.request)
    assert not deletion.gone
    assert f"volume {OWNER.volume_name('root')}" in deletion.waiting_for
    await machine.vanish(clock)
    assert volumes(cloud) == []


async def test_a_volume_that_no_record_names_is_deleted(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    machine = reconciler(volumes=[DATA])
    await machine.actuator.ensure_reservation(machine.request)
    clock.pass_(2)
    await machine.vanish(clock)
    assert volumes(cloud) == []


async def test_a_volume_whose_reply_was_lost_is_found_again(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    cloud.faults.add(Rule(Drop("after"), Pattern(method="POST", path="/volumes$")))
    machine = reconciler(volumes=[DATA])
    with pytest.raises(Unavailable):
        await machine.reserve()
    clock.pass_(1)
    await machine.reserve()
    assert len(volumes(cloud)) == 1


async def test_a_volume_that_is_still_filled_is_waited_for(cloud: CoreCloud, reconciler: Make) -> None:
    machine = reconciler(rootVolume=ROOT)
    await machine.reserve()
    with pytest.raises(NotReady, match=r"volume node-1_\w+_root \(.*\) of Machine default/node-1 is creating"):
        await machine.make()
    assert cloud.world.servers == {}


async def test_a_volume_that_failed_is_named(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    machine = reconciler(rootVolume=ROOT)
    await machine.reserve()
    put_volume_in_error(cloud.world, volumes(cloud)[0], clock.now())
    clock.pass_(2)
    with pytest.raises(Conflict, match=r"volume node-1_\w+_root .* is in status error; delete it to have it anew"):
        await machine.make()


async def test_a_volume_that_someone_attached_elsewhere_keeps_the_delete_waiting_and_is_named(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(volumes=[DATA])
    await machine.reserve()
    clock.pass_(2)
    assert await machine.observe() is None
    (volume,) = volumes(cloud)
    used = msgspec.structs.replace(volume, status="in-use", server_id="elsewhere", attachment_id="a")
    cloud.world.volumes[volume.id] = used
    clock.pass_(2)
    deletion = await machine.actuator.delete(machine.request)
    assert not deletion.gone
    assert deletion.waiting_for.startswith(f"volume {volume.name} ({volume.id}), in-use: deleting volume ")
    cloud.world.volumes[volume.id] = msgspec.structs.replace(used, status="available", server_id="")
    clock.pass_(2)
    await machine.vanish(clock)
    assert volumes(cloud) == []


async def test_the_volumes_of_a_softly_deleted_server_are_left_to_nova(
    clock: ManualClock, make_cloud: Callable[[Timing], tuple[CoreCloud, OpenStackMachineActuator]]
) -> None:
    cloud, actuator = make_cloud(Timing(boot_seconds=1.0, reclaim_seconds=300.0))
    machine = Reconciler(actuator, make_machine(rootVolume=ROOT), make_cluster())
    await machine.settle(clock)
    clock.pass_(30)
    assert await machine.observe() is not None
    await machine.vanish(clock)
    assert cloud.holdings()[1] == []
    assert [volume.status for volume in volumes(cloud)] == ["in-use"]
    clock.pass_(300)
    await machine.vanish(clock)
    assert volumes(cloud) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"rootVolume": {**ROOT, "volumeType": "lost"}},
            'volume type "lost" does not exist for the project; there are',
        ),
        ({"volumes": [{**DATA, "volumeType": "lost"}]}, 'volume type "lost" does not exist for the project; there are'),
        ({"rootVolume": {"sourceType": "volume", "sourceUUID": "lost"}}, 'volume "lost" does not exist in the project'),
        (
            {"rootVolume": {"sourceType": "snapshot", "sourceUUID": "lost"}},
            'snapshot "lost" does not exist in the project',
        ),
        ({"rootVolume": {**ROOT, "sourceUUID": "lost"}}, 'image "lost" does not exist'),
    ],
)
async def test_what_is_not_there_is_named_and_nothing_is_made(
    cloud: CoreCloud, reconciler: Make, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(NotFound) as raised:
        await reconciler(**changes).reserve()
    assert sentence in str(raised.value)
    assert (cloud.holdings()[1], volumes(cloud)) == ([], [])


async def test_a_quota_that_is_used_up_is_told(cloud: CoreCloud, reconciler: Make) -> None:
    cloud.world.quotas.set_limits("block-storage", PROJECT.id, {"gigabytes": 10})
    with pytest.raises(CapacityExhausted, match=r"creating volume node-1_\w+_root of Machine .*quota"):
        await reconciler(rootVolume=ROOT).reserve()
