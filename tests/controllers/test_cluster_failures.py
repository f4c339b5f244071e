"""What a Cluster says while something is wrong, and what it never does."""

import logging

import pytest
from tests.controllers.world import CLUSTER, World, a_cluster, a_machine, a_master

from kubecapy.api.cluster.v1alpha1 import CLUSTERS
from kubecapy.api.core import SECRETS, encode_secret_data, secret_data
from kubecapy.apimachinery.conditions import Condition, find_condition
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.contract.errors import InvalidConfiguration, Unavailable
from kubecapy.runtime.reconciler import DONE
from kubecapy.testing.fake_cloud import CloudCall

CA = ObjectKey("default", "test1-ca")
KUBECONFIG = ObjectKey("default", "test1-kubeconfig")


def condition(world: World, type_: str) -> Condition:
    found = find_condition(world.cluster().status.conditions, type_)
    assert found is not None
    return found


async def a_running_world() -> World:
    world = World()
    world.put(a_cluster(), a_master(), a_machine())
    await world.settle()
    return world


async def test_the_log_tells_a_pass_in_the_articles_words(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.put(a_cluster())

    with caplog.at_level(logging.INFO, "kubecapy"):
        await world.pass_cluster()

    assert [record.getMessage() for record in caplog.records] == [
        "Running reconcile Cluster for test1",
        "reconciling cluster object test1 triggers idempotent reconcile.",
    ]


async def test_a_cluster_without_machines_waits_for_a_control_plane() -> None:
    world = World()
    world.put(a_cluster())

    assert await world.pass_cluster() == DONE

    found = condition(world, "ControlPlaneEndpointReady")
    assert (found.status, found.reason, found.message) == ("False", "WaitingForControlPlane", "no control plane yet")
    assert world.cluster().status.api_endpoints == ()


async def test_a_cloud_that_refuses_the_cluster_is_told_and_mended() -> None:
    world = World()
    world.put(a_cluster(), a_master())

    def interfere(call: CloudCall) -> None:
        if call.verb == "reconcile_cluster":
            raise InvalidConfiguration("spec.providerSpec.value.nodeCidr: not supported yet; remove it")

    world.cloud.before_call = interfere
    await world.settle()
    assert condition(world, "InfrastructureReady").reason == "InvalidConfiguration"
    assert world.cluster().status.error_message == "spec.providerSpec.value.nodeCidr: not supported yet; remove it"
    assert world.recorder.reasons.count("InvalidConfiguration") == 1

    world.cloud.before_call = lambda call: None
    await world.settle()

    assert world.cluster().status.error_reason is None
    assert condition(world, "Ready").status == "True"


async def test_an_authority_is_never_replaced_in_silence() -> None:
    world = await a_running_world()
    await world.api.patch(SECRETS, CA, {"data": {"tls.key": None}})

    await world.pass_cluster()

    found = condition(world, "CertificatesReady")
    assert found.message == "Secret default/test1-ca: expected the keys tls.crt and tls.key; mend or delete it"
    assert world.certificates.made == 1


async def test_a_kubeconfig_that_leads_elsewhere_is_written_anew() -> None:
    world = await a_running_world()
    await world.api.patch(SECRETS, KUBECONFIG, {"data": encode_secret_data({"value": "nonsense"})})

    await world.pass_cluster()

    stored = await world.api.get(SECRETS, KUBECONFIG)
    assert b"https://198.51.100." in secret_data(stored)["value"]


async def test_a_kubeconfig_that_somebody_deleted_is_made_again() -> None:
    world = await a_running_world()
    await world.api.delete(SECRETS, KUBECONFIG)

    await world.pass_cluster()

    assert "test1-kubeconfig" in world.secret_names()


async def test_a_cloud_that_fails_to_delete_keeps_the_cluster_and_says_why() -> None:
    world = World()
    world.put(a_cluster())
    await world.pass_cluster()

    def interfere(call: CloudCall) -> None:
        if call.verb == "delete_cluster":
            raise Unavailable("deleting network test1: 503")

    world.cloud.before_call = interfere
    await world.delete(CLUSTER, CLUSTERS)
    await world.pass_cluster()

    found = condition(world, "Deleted")
    assert (found.status, found.message) == ("False", "deleting network test1: 503")
    assert "test1-ca" in world.secret_names()


async def test_a_deleted_cluster_leaves_the_secrets_of_others() -> None:
    world = World()
    world.put(a_cluster(), a_cluster(name="test2"))
    for name in ("test1", "test2"):
        await world.pass_cluster(ObjectKey("default", name))

    await world.delete(CLUSTER, CLUSTERS)
    await world.settle()

    assert world.secret_names() == {f"test2-{purpose}" for purpose in ("ca", "etcd", "proxy", "sa")}


async def test_a_cluster_without_our_finalizer_is_not_ours_to_delete() -> None:
    world = World()
    world.put(a_cluster(finalizers=("somebody.example.com/else",)))
    await world.delete(CLUSTER, CLUSTERS)

    assert await world.pass_cluster() == DONE
    assert world.cloud.calls == []


async def test_a_cluster_that_is_gone_needs_nothing() -> None:
    world = World()

    assert await world.pass_cluster() == DONE
    assert world.cloud.calls == []
