"""Who looks after a change, and which changes matter."""

import msgspec
import pytest

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, Machine, MachineSpec, MachineStatus, ProviderSpec
from kubecapy.api.core import NODES
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, OwnerReference
from kubecapy.runtime.event_handlers import mapped_by, object_itself, owners_of
from kubecapy.runtime.predicates import every_change, wish_changed
from kubecapy.runtime.store import Change


def owner(
    name: str, kind: str = "Cluster", version: str = "cluster.k8s.io/v1alpha1", *, controller: bool = True
) -> OwnerReference:
    return OwnerReference(api_version=version, kind=kind, name=name, uid=name, controller=controller or None)


def machine(name: str = "m", *owners: OwnerReference, **meta: object) -> Machine:
    metadata = msgspec.structs.replace(ObjectMeta(name=name, namespace="d", owner_references=owners), **meta)
    return Machine(metadata=metadata, spec=MachineSpec(provider_spec=ProviderSpec()))


def test_an_object_names_itself() -> None:
    assert list(object_itself(Change("ADDED", machine()))) == [ObjectKey("d", "m")]


def test_owners_are_named_by_group_and_kind_whatever_their_version() -> None:
    owned = machine(
        "m",
        owner("c"),
        owner("later", version="cluster.k8s.io/v1beta9"),
        owner("x", kind="Other"),
        owner("y", version="v1"),
    )

    assert list(owners_of(CLUSTERS)(Change("ADDED", owned))) == [ObjectKey("d", "c"), ObjectKey("d", "later")]


def test_only_the_controlling_owner_counts_unless_all_are_wanted() -> None:
    change = Change("ADDED", machine("m", owner("c", controller=False)))

    assert list(owners_of(CLUSTERS)(change)) == []
    assert list(owners_of(CLUSTERS, controller_only=False)(change)) == [ObjectKey("d", "c")]


def test_an_owner_outside_namespaces_has_none() -> None:
    change = Change("ADDED", machine("m", owner("n", kind="Node", version="v1")))

    assert list(owners_of(NODES)(change)) == [ObjectKey("", "n")]


def test_both_owners_look_when_an_object_moves() -> None:
    change = Change("MODIFIED", machine("m", owner("new")), machine("m", owner("old")))

    assert list(owners_of(CLUSTERS)(change)) == [ObjectKey("d", "old"), ObjectKey("d", "new")]


def test_owners_of_json_objects_are_found_too() -> None:
    reference = {"apiVersion": MACHINES.api_version, "kind": "Machine", "name": "m", "uid": "1", "controller": True}
    change = Change("ADDED", {"metadata": {"name": "s", "namespace": "d", "ownerReferences": [reference]}})

    assert list(owners_of(MACHINES)(change)) == [ObjectKey("d", "m")]


def test_a_mapping_names_each_key_once() -> None:
    def names(obj: Machine) -> list[ObjectKey]:
        return [ObjectKey("d", "same"), ObjectKey("d", obj.metadata.name)]

    handler = mapped_by(names)

    assert list(handler(Change("MODIFIED", machine("new"), machine("old")))) == [
        ObjectKey("d", "same"),
        ObjectKey("d", "old"),
        ObjectKey("d", "new"),
    ]


@pytest.mark.parametrize(
    ("new", "matters"),
    [
        (machine(), False),
        (msgspec.structs.replace(machine(), status=MachineStatus(phase="Running")), False),
        (machine(resource_version="9"), False),
        (machine(generation=2), True),
        (machine(labels={"a": "b"}), True),
        (machine(annotations={"a": "b"}), True),
        (machine(finalizers=("a",)), True),
        (machine(deletion_timestamp="2019-04-04T06:00:00Z"), True),
        (machine("m", owner("c")), True),
    ],
)
def test_status_updates_are_no_change_of_the_wish(new: Machine, matters: bool) -> None:
    change = Change("MODIFIED", new, machine())

    assert wish_changed(change) is matters
    assert every_change(change)


def test_coming_and_going_always_matter() -> None:
    assert wish_changed(Change("ADDED", machine()))
    assert wish_changed(Change("DELETED", machine(), machine()))
