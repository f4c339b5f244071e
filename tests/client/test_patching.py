"""What the patch helper sends."""

from typing import Any

import msgspec
import pytest

from kubecapy.api.cluster.v1alpha1 import (
    MACHINES,
    Machine,
    MachineSpec,
    MachineStatus,
    MachineVersions,
    NodeAddress,
    ProviderSpec,
)
from kubecapy.apimachinery.errors import Conflict
from kubecapy.apimachinery.meta import ObjectMeta, key_of
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.patching import PatchHelper, object_patch, status_patch
from kubecapy.clock import SystemClock
from kubecapy.testing.fake_api import FakeApi

ADDRESSES = (NodeAddress(type="InternalIP", address="10.0.0.1"),)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi(SystemClock())


@pytest.fixture
def before(api: FakeApi) -> Machine:
    meta = ObjectMeta(name="m", namespace="d", finalizers=("a.io/a",))
    return api.put(MACHINES, Machine(metadata=meta, spec=MachineSpec(provider_spec=ProviderSpec())))


def with_status(machine: Machine, **status: object) -> Machine:
    return msgspec.structs.replace(machine, status=msgspec.structs.replace(machine.status, **status))


def with_meta(machine: Machine, **meta: object) -> Machine:
    return msgspec.structs.replace(machine, metadata=msgspec.structs.replace(machine.metadata, **meta))


async def test_equal_values_send_nothing(api: FakeApi, before: Machine) -> None:
    assert await PatchHelper(api).patch(MACHINES, before, with_status(before)) == before
    assert api.calls == []


async def test_scalars_and_maps_are_written_whatever_the_revision(api: FakeApi, before: Machine) -> None:
    await api.patch(MACHINES, key_of(before), {"metadata": {"annotations": {"other": "1"}}})
    after = with_meta(with_status(before, phase="Running"), annotations={"mine": "2"})

    stored = await PatchHelper(api).patch(MACHINES, before, after)

    assert stored.metadata.annotations == {"other": "1", "mine": "2"}
    assert stored.status.phase == "Running"
    assert [(call.subresource, call.body) for call in api.writes()[1:]] == [
        ("status", {"status": {"phase": "Running"}}),
        ("", {"metadata": {"annotations": {"mine": "2"}}}),
    ]


async def test_a_list_is_written_only_at_the_revision_that_was_read(api: FakeApi, before: Machine) -> None:
    await api.patch(MACHINES, key_of(before), {"metadata": {"finalizers": ["a.io/a", "other.io/b"]}})

    with pytest.raises(Conflict):
        await PatchHelper(api).patch(MACHINES, before, with_meta(before, finalizers=()))

    assert api.objects(MACHINES)[0].metadata.finalizers == ("a.io/a", "other.io/b")


async def test_both_patches_are_bound_to_the_revision_where_either_touches_a_list(
    api: FakeApi, before: Machine
) -> None:
    after = with_meta(with_status(before, addresses=ADDRESSES), labels={"a": "b"})

    stored = await PatchHelper(api).patch(MACHINES, before, after)

    first, second = (call.body["metadata"]["resourceVersion"] for call in api.writes())
    assert first == before.metadata.resource_version
    assert int(second) == int(first) + 1
    assert stored.status.addresses == ADDRESSES
    assert stored.metadata.labels == {"a": "b"}


async def test_the_status_is_written_before_the_last_finalizer_goes(api: FakeApi, before: Machine) -> None:
    await api.delete(MACHINES, key_of(before))
    deleting = await api.get(MACHINES, key_of(before))
    after = with_meta(with_status(deleting, phase="Deleting"), finalizers=())

    last = await PatchHelper(api).patch(MACHINES, deleting, after)

    assert last.status.phase == "Deleting"
    assert api.objects(MACHINES) == []


async def test_json_objects_are_patched_alike(api: FakeApi, before: Machine) -> None:
    raw: Resource[dict[str, Any]] = Resource(MACHINES.group, MACHINES.version, MACHINES.kind, MACHINES.plural, dict)
    old = await api.get(raw, key_of(before))
    new = {**old, "spec": {**old["spec"], "versions": {"kubelet": "1.14.0"}}}

    stored = await PatchHelper(api).patch(raw, old, new)

    assert stored["spec"] == new["spec"]


def test_the_two_patches_are_told_apart() -> None:
    before = Machine(spec=MachineSpec(provider_spec=ProviderSpec()), status=MachineStatus(phase="Pending"))
    after = Machine(spec=MachineSpec(provider_spec=ProviderSpec(), versions=MachineVersions(kubelet="1.14.0")))

    assert status_patch(before, after) == {"status": {"phase": None}}
    assert object_patch(before, after) == {"spec": {"versions": {"kubelet": "1.14.0"}}}
