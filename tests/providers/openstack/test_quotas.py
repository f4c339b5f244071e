"""What a refusal for want of room says: the cloud's own words, what was needed, and what the quotas leave."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from tests.providers.openstack.clusters import ClusterKeeper, managed_cluster
from tests.providers.openstack.core_cloud import CoreCloud
from tests.providers.openstack.machines import Reconciler

from kubecapy.contract.errors import CapacityExhausted
from kubecapy.devcloud.faults import Answer, Drop, Garble, Pattern, Rule
from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID, PROJECT
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.services.projects import Projects

Make = Callable[..., Reconciler]
POOL = {"floatingIPPool": {"uuid": EXTERNAL_NETWORK_ID}}


@pytest.mark.parametrize(
    ("service", "limits", "wish", "sentence"),
    [
        ("compute", {"cores": 1}, {}, "quota: flavor m1.medium needs 2 cores, 1 of 1 is left"),
        ("compute", {"cores": 0}, {}, "quota: flavor m1.medium needs 2 cores, 0 of 0 are left"),
        ("compute", {"ram": 100}, {}, "quota: flavor m1.medium needs 4096 MiB of memory, 100 of 100 are left"),
        ("compute", {"instances": 0}, {}, "quota: 1 server needed, 0 of 0 are left"),
        ("network", {"port": 1}, {}, "quota: 1 port needed, 0 of 1 are left"),
        ("network", {"floatingip": 6}, POOL, "quota: 1 floating address needed, 0 of 6 are left"),
        ("block-storage", {"volumes": 0}, {"rootVolume": {"diskSize": 20}}, "quota: 1 volume needed, 0 of 0 are left"),
        (
            "block-storage",
            {"gigabytes": 15},
            {"rootVolume": {"diskSize": 20}},
            "quota: 20 GiB of volumes needed, 15 of 15 are left",
        ),
    ],
)
async def test_a_machine_that_a_quota_has_no_room_for_tells_what_it_needs_and_what_is_left(
    cloud: CoreCloud, reconciler: Make, service: str, limits: Mapping[str, int], wish: dict[str, Any], sentence: str
) -> None:
    cloud.world.quotas.set_limits(service, PROJECT.id, limits)
    with pytest.raises(CapacityExhausted) as raised:
        await reconciler(**wish).create()
    words, _, ours = str(raised.value).partition("; ")
    assert ours == sentence
    assert "uota" in words, "the cloud's own words come first"


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"network": 1}, "quota: 1 network needed, 0 of 1 are left"),
        ({"subnet": 1}, "quota: 1 subnet needed, 0 of 1 are left"),
        ({"router": 1}, "quota: 1 router needed, 0 of 1 are left"),
        ({"port": 1}, "quota: 1 port needed, 0 of 1 are left"),
        ({"security_group": 2}, "quota: 1 security group needed, 0 of 2 are left"),
    ],
)
async def test_a_cluster_that_a_quota_has_no_room_for_tells_what_it_needs_and_what_is_left(
    cloud: CoreCloud, projects: Projects, limits: Mapping[str, int], sentence: str
) -> None:
    cloud.world.quotas.set_limits("network", PROJECT.id, limits)
    with pytest.raises(CapacityExhausted) as raised:
        await ClusterKeeper(OpenStackClusterActuator(projects), managed_cluster()).settle()
    assert str(raised.value).endswith(sentence)


@pytest.mark.parametrize("action", [Answer(404), Answer(403), Answer(500), Drop(), Garble("empty")])
async def test_the_clouds_own_words_stay_where_the_quotas_cannot_be_read(
    cloud: CoreCloud, reconciler: Make, action: Answer | Drop | Garble
) -> None:
    cloud.world.quotas.set_limits("network", PROJECT.id, {"port": 1})
    cloud.faults.add(Rule(action, Pattern(path="/details$"), times=None))
    with pytest.raises(
        CapacityExhausted, match=r"^creating port .*: Quota exceeded for resources: .*\(network 409, .*\)$"
    ):
        await reconciler().create()


async def test_nothing_is_added_where_the_quotas_have_room(cloud: CoreCloud, reconciler: Make) -> None:
    body = b'{"NeutronError": {"message": "No more IP addresses available on network x."}}'
    cloud.faults.add(Rule(Answer(409, msgspec.Raw(body)), Pattern(method="POST", path="/ports$")))
    with pytest.raises(CapacityExhausted, match=r"No more IP addresses available on network x \(network 409.*\)$"):
        await reconciler().create()


async def test_quotas_are_not_read_while_all_goes_well(cloud: CoreCloud, reconciler: Make) -> None:
    await reconciler().create()
    assert [entry.path for entry in cloud.entries() if "quota" in entry.path or "limits" in entry.path] == []
