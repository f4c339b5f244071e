"""Managed security groups: the right rules, repaired, beside those of people."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.providers.openstack.clusters import ClusterKeeper, managed_cluster, writes
from tests.providers.openstack.core_cloud import CoreCloud, ManualClock

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint
from kubecapy.contract.errors import CapacityExhausted
from kubecapy.devcloud.seed import PROJECT
from kubecapy.devcloud.world.network import SecurityGroupRule
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.api.cluster_status import groups_for, read_cluster_status
from kubecapy.providers.openstack.services.projects import Projects

Make = Callable[..., ClusterKeeper]
ONLY_GROUPS = {"nodeCidr": None, "dnsNameservers": None, "externalNetworkId": None}
CONTROL_PLANE = "k8s-cluster-default-test1-secgroup-controlplane"
WORKER = "k8s-cluster-default-test1-secgroup-worker"


@pytest.fixture
def keeper(projects: Projects) -> Make:
    def make(**changes: Any) -> ClusterKeeper:
        return ClusterKeeper(OpenStackClusterActuator(projects), managed_cluster(**{**ONLY_GROUPS, **changes}))

    return make


def rules(cloud: CoreCloud, name: str) -> list[SecurityGroupRule]:
    (group,) = [group for group in cloud.world.security_groups.values() if group.name == name]
    return [rule for rule in cloud.world.security_group_rules.values() if rule.security_group_id == group.id]


def incoming_tcp(cloud: CoreCloud, name: str) -> set[int | None]:
    return {
        rule.port_range_min for rule in rules(cloud, name) if rule.direction == "ingress" and rule.protocol == "tcp"
    }


async def test_each_role_gets_its_group_with_ids_on_record(cloud: CoreCloud, keeper: Make) -> None:
    cluster = keeper()
    await cluster.settle()
    assert incoming_tcp(cloud, CONTROL_PLANE) == {6443, 2379, 10250, 179}
    assert incoming_tcp(cloud, WORKER) == {30000, 10250, 179}
    record = cluster.record
    groups = {group.name: group.id for group in cloud.world.security_groups.values()}
    assert groups_for(record, "control-plane") == (groups[CONTROL_PLANE],)
    assert groups_for(record, "worker") == (groups[WORKER],)
    assert record.control_plane_security_group is not None
    assert {rule.id for rule in record.control_plane_security_group.rules} == {
        rule.id for rule in rules(cloud, CONTROL_PLANE)
    }
    stored = cluster.cluster.status.provider_status
    assert stored is not None
    assert {"id", "name", "rules"} == set(stored["workerSecurityGroup"])
    assert all(rule["id"] for rule in stored["workerSecurityGroup"]["rules"])
    assert read_cluster_status(stored) == record


async def test_the_default_rules_of_neutron_meet_the_wish_for_everything_out(cloud: CoreCloud, keeper: Make) -> None:
    await keeper().settle()
    egress = [rule for rule in rules(cloud, WORKER) if rule.direction == "egress"]
    assert [rule.description for rule in egress] == ["", ""]


async def test_all_rules_of_a_group_are_made_by_one_call(cloud: CoreCloud, keeper: Make) -> None:
    await keeper().settle()
    assert [template for method, template in writes(cloud) if template.endswith("rules")] == [
        "/v2.0/security-group-rules"
    ] * 2


async def test_a_rule_that_someone_removed_comes_back_alone(cloud: CoreCloud, clock: ManualClock, keeper: Make) -> None:
    cluster = keeper()
    await cluster.settle()
    before = rules(cloud, CONTROL_PLANE)
    removed = next(rule for rule in before if rule.port_range_min == 2379)
    del cloud.world.security_group_rules[removed.id]
    clock.pass_(30.0)
    await cluster.settle()
    after = rules(cloud, CONTROL_PLANE)
    assert [rule for rule in after if rule in before] == [rule for rule in before if rule != removed]
    assert [rule.port_range_min for rule in after if rule not in before] == [2379]


async def test_rules_of_people_stay_and_surplus_ones_of_ours_go(
    cloud: CoreCloud, clock: ManualClock, keeper: Make
) -> None:
    cluster = keeper()
    await cluster.settle()
    ours = rules(cloud, WORKER)[-1]
    theirs = msgspec.structs.replace(
        ours, id="theirs", description="for the printer", port_range_min=9, port_range_max=9
    )
    cloud.world.security_group_rules["theirs"] = theirs
    clock.pass_(30.0)
    cluster.wish(managedSecurityGroups={"cni": "flannel"})
    await cluster.settle()
    assert cloud.world.security_group_rules["theirs"] == theirs
    assert 179 not in incoming_tcp(cloud, WORKER)
    assert 8472 in {rule.port_range_min for rule in rules(cloud, WORKER)}


async def test_the_rule_for_the_api_server_follows_its_actual_port(
    cloud: CoreCloud, clock: ManualClock, keeper: Make
) -> None:
    cluster = keeper()
    await cluster.settle()
    assert 6443 in incoming_tcp(cloud, CONTROL_PLANE)
    status = msgspec.structs.replace(cluster.cluster.status, api_endpoints=(ApiEndpoint(host="192.0.2.1", port=443),))
    cluster.cluster = msgspec.structs.replace(cluster.cluster, status=status)
    clock.pass_(30.0)
    await cluster.settle()
    assert incoming_tcp(cloud, CONTROL_PLANE) & {443, 6443} == {443}


@pytest.mark.parametrize(
    "value",
    [
        {"apiServerPort": 443},
        {"controlPlaneEndpoint": {"host": "api.example", "port": 443}},
        {"clusterConfiguration": {"controlPlaneEndpoint": "api.example:443"}},
    ],
)
async def test_the_port_that_the_spec_names_is_told_and_opened(
    cloud: CoreCloud, keeper: Make, value: dict[str, Any]
) -> None:
    observation = await keeper(**value).settle()
    assert observation.api_port == 443
    assert (observation.endpoint is None) == ("apiServerPort" in value)
    assert incoming_tcp(cloud, CONTROL_PLANE) & {443, 6443} == {443}


async def test_a_quota_of_rules_is_told_and_mended(cloud: CoreCloud, keeper: Make) -> None:
    cluster = keeper()
    used = len(cloud.world.security_group_rules)
    cloud.world.quotas.set_limits("network", PROJECT.id, {"security_group_rule": used + 5})
    with pytest.raises(CapacityExhausted, match=rf"creating rules of security group {CONTROL_PLANE} .*Quota exceeded"):
        await cluster.settle()
    cloud.world.quotas.set_limits("network", PROJECT.id, {"security_group_rule": 500})
    await cluster.settle()


async def test_a_cluster_that_asks_for_nothing_makes_nothing(cloud: CoreCloud, keeper: Make) -> None:
    cluster = keeper(managedSecurityGroups=None, tags=None)
    observation = await cluster.step()
    assert not observation.waiting_for
    assert writes(cloud) == []
    assert [entry.template for entry in cloud.entries()] == ["/v2.1/os-availability-zone"]
    assert [domain.name for domain in cluster.record.failure_domains] == ["az2", "nova"]
    assert (await cluster.delete()).gone
    assert len(cloud.entries()) == 1
