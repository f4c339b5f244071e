"""A floating address of a pool is allocated for its machine, found again, and released with it; a given one stays."""

from collections.abc import Callable

import msgspec
import pytest
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock
from tests.providers.openstack.machines import OWNER, Reconciler

from kubecapy.contract.errors import CapacityExhausted, NotFound, Unavailable
from kubecapy.devcloud.faults import Drop, Pattern, Rule
from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID, NETWORK_ID, PROJECT, ROUTER_ID, SUBNET_ID
from kubecapy.devcloud.world.network import FloatingIp
from kubecapy.devcloud.world.ports import remove_port
from kubecapy.devcloud.world.routing import find_interface

Make = Callable[..., Reconciler]
POOL = {"uuid": EXTERNAL_NETWORK_ID}


def own(cloud: CoreCloud) -> list[FloatingIp]:
    return [ip for ip in cloud.world.floating_ips.values() if ip.description]


@pytest.mark.parametrize("pool", [POOL, {"name": "public"}, {"filter": {"name": "public"}}])
async def test_an_address_is_allocated_with_its_port_by_one_call(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make, pool: dict[str, object]
) -> None:
    before = cloud.holdings()
    machine = reconciler(floatingIPPool=pool)
    reservation = await machine.reserve()
    (address,) = own(cloud)
    assert address.description == OWNER.own_description
    first = reservation.addresses[0]
    assert (first.type, first.address) == ("ExternalIP", address.floating_ip_address)
    assert reservation.provider_status is not None
    record = reservation.provider_status["floatingIP"]
    assert (record["id"], record["isOwn"]) == (address.id, True)
    assert address.port_id == reservation.provider_status["ports"][0]["id"]
    writes = [entry for entry in cloud.entries() if "floatingips" in entry.template and entry.method != "GET"]
    assert [entry.method for entry in writes] == ["POST"]
    await machine.create()
    await machine.vanish(clock)
    assert cloud.holdings() == before


async def test_an_allocation_whose_reply_was_lost_is_found_again(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    cloud.faults.add(Rule(Drop("after"), Pattern(method="POST", path="/floatingips$")))
    machine = reconciler(floatingIPPool=POOL)
    with pytest.raises(Unavailable):
        await machine.reserve()
    clock.pass_(1)
    await machine.reserve()
    assert len(own(cloud)) == 1


async def test_an_address_that_no_record_names_is_released(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    before = cloud.holdings()
    machine = reconciler(floatingIPPool=POOL)
    await machine.actuator.ensure_reservation(machine.request)
    await machine.vanish(clock)
    assert cloud.holdings() == before


async def test_an_address_of_a_spec_that_asks_for_none_any_more_is_released_all_the_same(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    before = cloud.holdings()
    machine = reconciler(floatingIPPool=POOL)
    await machine.create()
    machine.machine.spec.provider_spec.value.pop("floatingIPPool")  # type: ignore[union-attr,attr-defined]  # a dict
    clock.pass_(30)
    await machine.reserve()
    await machine.vanish(clock)
    assert cloud.holdings() == before


async def test_an_address_that_someone_parted_is_led_back(
    cloud: CoreCloud, clock: ManualClock, reconciler: Make
) -> None:
    machine = reconciler(floatingIPPool=POOL)
    await machine.create()
    (address,) = own(cloud)
    cloud.world.floating_ips[address.id] = msgspec.structs.replace(address, port_id=None, fixed_ip_address=None)
    clock.pass_(30)
    await machine.reserve()
    (led,) = own(cloud)
    assert (led.id, led.port_id) == (address.id, address.port_id)


async def test_two_machines_have_an_address_each(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    first, second = reconciler(floatingIPPool=POOL), reconciler(name="node-10", floatingIPPool=POOL)
    await first.create()
    await second.create()
    await second.vanish(clock)
    (left,) = own(cloud)
    assert left.description == OWNER.own_description


async def test_a_given_address_is_never_released(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    addresses = cloud.addresses()
    machine = reconciler(floatingIP=addresses[0])
    await machine.create()
    await machine.vanish(clock)
    assert cloud.addresses() == addresses


async def test_a_pool_that_is_no_external_network_is_named(cloud: CoreCloud, reconciler: Make) -> None:
    with pytest.raises(NotFound, match=f"network .id={NETWORK_ID} router:external=true. does not exist"):
        await reconciler(floatingIPPool={"uuid": NETWORK_ID}).reserve()
    assert cloud.holdings()[1] == []


async def test_a_quota_that_is_used_up_is_told(cloud: CoreCloud, reconciler: Make) -> None:
    cloud.world.quotas.set_limits("network", PROJECT.id, {"floatingip": len(cloud.addresses())})
    with pytest.raises(
        CapacityExhausted, match=r"allocating a floating address of network public for Machine .*[Qq]uota"
    ):
        await reconciler(floatingIPPool=POOL).reserve()


async def test_a_missing_router_is_named(cloud: CoreCloud, clock: ManualClock, reconciler: Make) -> None:
    interface = find_interface(cloud.world, cloud.world.routers[ROUTER_ID], SUBNET_ID)
    assert interface is not None
    remove_port(cloud.world, interface, clock.now())
    with pytest.raises(NotFound, match="of network public for Machine default/node-1: no router joins its network"):
        await reconciler(floatingIPPool=POOL).reserve()
