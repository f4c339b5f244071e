"""What makes Machines moves with the cluster; classes are copied and stay."""

from tests.api.cluster_kinds import a_machine_class, a_machine_deployment, a_machine_set
from tests.clusterctl.move_world import CLUSTER, World, fill_source, secret

from kubecapy.clusterctl.objects.raw_resources import (
    RAW_MACHINE_CLASSES,
    RAW_MACHINE_DEPLOYMENTS,
    RAW_MACHINE_SETS,
    RAW_SECRETS,
)


async def test_sets_deployments_and_classes_are_not_lost_by_a_move(tmp_path) -> None:
    world = World.in_folder(tmp_path)
    fill_source(world.source.client)
    place = {"namespace": CLUSTER.namespace}
    deployment, machine_set, machine_class = a_machine_deployment(), a_machine_set(), a_machine_class()
    for obj in (deployment, machine_set, machine_class):
        obj["metadata"].update(place)
    machine_class["providerSpec"]["userDataSecret"] = {"name": "class-data"}
    world.source.client.put(RAW_MACHINE_DEPLOYMENTS, deployment)
    world.source.client.put(RAW_MACHINE_SETS, machine_set)
    world.source.client.put(RAW_MACHINE_CLASSES, machine_class)
    world.source.client.put(RAW_SECRETS, secret("class-data"))

    await world.move().run()

    source, destination = world.source.client, world.destination.client
    for resource, obj in ((RAW_MACHINE_DEPLOYMENTS, deployment), (RAW_MACHINE_SETS, machine_set)):
        (copy,) = destination.objects(resource)
        assert copy["spec"] == obj["spec"]
        assert source.objects(resource) == []
    (copy,) = destination.objects(RAW_MACHINE_CLASSES)
    assert copy["providerSpec"] == machine_class["providerSpec"]
    assert len(source.objects(RAW_MACHINE_CLASSES)) == 1
    assert "class-data" in {found["metadata"]["name"] for found in destination.objects(RAW_SECRETS)}
