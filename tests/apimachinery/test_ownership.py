"""Finalizers, owner references, and metadata of any object."""

import pytest

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, Machine, MachineSpec, ProviderSpec
from kubecapy.apimachinery.finalizers import with_finalizer, without_finalizer
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, OwnerReference
from kubecapy.apimachinery.objects import metadata_of, object_key, revision_of
from kubecapy.apimachinery.owner_references import owner_reference_to, with_owner


def machine(meta: ObjectMeta) -> Machine:
    return Machine(metadata=meta, spec=MachineSpec(provider_spec=ProviderSpec()))


def test_a_finalizer_is_added_once_and_removed() -> None:
    meta = with_finalizer(with_finalizer(ObjectMeta(finalizers=("a",)), "b"), "b")

    assert meta.finalizers == ("a", "b")
    assert without_finalizer(meta, "a").finalizers == ("b",)
    assert without_finalizer(meta, "z") is meta


def test_a_reference_to_an_owner_replaces_the_older_one() -> None:
    owner = machine(ObjectMeta(name="c", uid="1"))
    meta = with_owner(ObjectMeta(), owner_reference_to(owner, CLUSTERS))
    meta = with_owner(meta, owner_reference_to(owner, CLUSTERS, controller=True, block=True))

    assert meta.owner_references == (
        OwnerReference(
            api_version="cluster.k8s.io/v1alpha1",
            kind="Cluster",
            name="c",
            uid="1",
            controller=True,
            block_owner_deletion=True,
        ),
    )
    assert with_owner(meta, meta.owner_references[0]) is meta


def test_only_a_stored_object_can_own() -> None:
    with pytest.raises(ValueError, match="has no uid"):
        owner_reference_to(machine(ObjectMeta(name="c")), CLUSTERS)


def test_metadata_reads_alike_from_structs_and_json_objects() -> None:
    meta = ObjectMeta(name="m", namespace="d", resource_version="7", finalizers=("a",))
    obj = {"metadata": {"name": "m", "namespace": "d", "resourceVersion": "7", "finalizers": ["a"]}}

    assert metadata_of(obj) == metadata_of(machine(meta)) == meta
    assert object_key(obj) == object_key(machine(meta)) == ObjectKey("d", "m")
    assert revision_of(obj) == revision_of(machine(meta)) == "7"
    assert metadata_of({}) == ObjectMeta()
    assert revision_of({}) == ""
