"""What every client promises: `HttpClient` with a real server and `FakeApi` pass the same suite."""

import asyncio
from abc import abstractmethod
from typing import Any

import msgspec
import pytest

from kubecapy.api.cluster.v1alpha1 import (
    MACHINES,
    Machine,
    MachineSpec,
    MachineStatus,
    MachineVersions,
    ProviderSpec,
)
from kubecapy.api.core import CONFIG_MAPS, NODES, SECRETS, ConfigMap, Node, NodeAddress, Secret, secret_data
from kubecapy.apimachinery.errors import AlreadyExists, BadRequest, Conflict, Gone, Invalid, MethodNotAllowed, NotFound
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, OwnerReference, key_of
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client, Deleted, Delta
from kubecapy.client.patching import PatchHelper

WATCH_SECONDS = 10.0


def machine(name: str = "m", **meta: Any) -> Machine:
    metadata = ObjectMeta(name=name, namespace="default", **meta)
    return Machine(metadata=metadata, spec=MachineSpec(provider_spec=ProviderSpec(value={"flavor": "m1"})))


def config_map(name: str = "c", *, labels: dict[str, str] | None = None, **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default", labels=labels), data=data or None)


class ClientSuite:
    """Subclass it with a `client` fixture: a client of an empty API with the namespace `default` and the CRDs."""

    @abstractmethod
    async def forgotten_revision(self, client: Client) -> str:
        """Return a revision from which the Machines can no longer be followed."""

    async def test_a_created_object_comes_back_with_what_the_server_adds(self, client: Client) -> None:
        stored = await client.create(MACHINES, machine(labels={"set": "node"}))

        assert stored == await client.get(MACHINES, ObjectKey("default", "m"))
        assert stored.metadata.labels == {"set": "node"}
        assert stored.metadata.generation == 1
        assert stored.metadata.uid
        assert stored.metadata.resource_version
        assert stored.metadata.creation_timestamp
        assert (stored.api_version, stored.kind) == ("cluster.k8s.io/v1alpha1", "Machine")

    async def test_a_status_is_not_stored_at_creation(self, client: Client) -> None:
        wish = msgspec.structs.replace(machine(), status=MachineStatus(phase="Running"))

        assert (await client.create(MACHINES, wish)).status == MachineStatus()

    async def test_the_server_completes_a_generated_name(self, client: Client) -> None:
        names = {(await client.create(MACHINES, machine("", generate_name="m-"))).metadata.name for _ in range(3)}

        assert len(names) == 3
        assert all(name.startswith("m-") and len(name) == 7 for name in names)

    async def test_a_name_is_taken_once(self, client: Client) -> None:
        await client.create(CONFIG_MAPS, config_map())

        with pytest.raises(AlreadyExists, match='configmaps "c" already exists'):
            await client.create(CONFIG_MAPS, config_map())

    async def test_absent_is_an_error_for_get_and_none_for_find(self, client: Client) -> None:
        with pytest.raises(NotFound, match=r'machines.cluster.k8s.io "m" not found'):
            await client.get(MACHINES, ObjectKey("default", "m"))

        assert await client.find(MACHINES, ObjectKey("default", "m")) is None

    async def test_an_object_without_namespace_is_refused(self, client: Client) -> None:
        maps: Resource[dict[str, Any]] = Resource("", "v1", "ConfigMap", "configmaps", dict)

        with pytest.raises(MethodNotAllowed, match="the server does not allow this method"):
            await client.create(maps, {"metadata": {"name": "m"}})

    async def test_objects_of_unknown_shape_are_json_objects(self, client: Client) -> None:
        raw: Resource[dict[str, Any]] = Resource("", "v1", "ConfigMap", "configmaps", dict)
        await client.create(raw, {"metadata": {"name": "r", "namespace": "default"}, "data": {"a": "b"}})

        listed = next(o for o in (await client.list(raw)).items if o["metadata"]["name"] == "r")
        assert (listed["apiVersion"], listed["kind"], listed["data"]) == ("v1", "ConfigMap", {"a": "b"})

    async def test_a_list_is_selected_by_namespace_labels_and_fields(self, client: Client) -> None:
        # A server that serves other tests, too, may hold more in other namespaces.
        for name, labels in (("listed-a", {"x": "1"}), ("listed-b", {"x": "2"}), ("listed-c", {})):
            await client.create(CONFIG_MAPS, config_map(name, labels=labels))

        async def found(**selection: str) -> set[str]:
            names = {item.metadata.name for item in (await client.list(CONFIG_MAPS, **selection)).items}
            return {name.removeprefix("listed-") for name in names if name.startswith("listed-")}

        assert await found() == {"a", "b", "c"}
        assert await found(namespace="elsewhere") == set()
        assert await found(namespace="default", labels="x in (1,2),x!=2") == {"a"}
        assert await found(labels="!x") == {"c"}
        assert await found(fields="metadata.name=listed-b") == {"b"}
        assert await found(fields="metadata.name!=listed-b,metadata.namespace=default") == {"a", "c"}

    async def test_a_malformed_selector_is_refused(self, client: Client) -> None:
        with pytest.raises(BadRequest):
            await client.list(CONFIG_MAPS, labels="a in b")

    async def test_a_merge_patch_changes_what_it_names(self, client: Client) -> None:
        await client.create(CONFIG_MAPS, config_map(a="1", b="2"))

        patched = await client.patch(CONFIG_MAPS, ObjectKey("default", "c"), {"data": {"a": None, "c": "3"}})

        assert patched.data == {"b": "2", "c": "3"}
        assert patched == await client.get(CONFIG_MAPS, ObjectKey("default", "c"))

    async def test_a_json_patch_applies_its_operations(self, client: Client) -> None:
        stored = await client.create(CONFIG_MAPS, config_map(a="1"))
        operations: list[dict[str, Any]] = [
            {"op": "test", "path": "/data/a", "value": "1"},
            {"op": "add", "path": "/data/b", "value": "2"},
        ]

        patched = await client.patch(CONFIG_MAPS, key_of(stored), operations, patch_type="json")

        assert patched.data == {"a": "1", "b": "2"}

    async def test_a_json_patch_whose_test_fails_changes_nothing(self, client: Client) -> None:
        stored = await client.create(CONFIG_MAPS, config_map(a="1"))
        operations: list[dict[str, Any]] = [{"op": "test", "path": "/data/a", "value": "2"}]

        with pytest.raises((Invalid, BadRequest)):
            await client.patch(CONFIG_MAPS, key_of(stored), operations, patch_type="json")

        assert await client.get(CONFIG_MAPS, key_of(stored)) == stored

    async def test_a_strategic_merge_patch_merges_lists_by_key(self, client: Client) -> None:
        await client.create(NODES, Node(metadata=ObjectMeta(name="n", finalizers=("a.io/x",))))

        patched = await client.patch(
            NODES, ObjectKey("", "n"), {"metadata": {"finalizers": ["b.io/y"]}}, patch_type="strategic"
        )

        assert patched.metadata.finalizers == ("b.io/y", "a.io/x")

    async def test_a_stale_revision_is_a_conflict(self, client: Client) -> None:
        old = await client.create(CONFIG_MAPS, config_map(a="1"))
        await client.patch(CONFIG_MAPS, key_of(old), {"data": {"a": "2"}})

        with pytest.raises(Conflict, match="the object has been modified"):
            await client.patch(
                CONFIG_MAPS,
                key_of(old),
                {"metadata": {"resourceVersion": old.metadata.resource_version}, "data": {"a": "3"}},
            )

        assert (await client.get(CONFIG_MAPS, key_of(old))).data == {"a": "2"}

    async def test_a_patch_that_changes_nothing_makes_no_revision(self, client: Client) -> None:
        stored = await client.create(CONFIG_MAPS, config_map(a="1"))

        assert await client.patch(CONFIG_MAPS, key_of(stored), {"data": {"a": "1"}}) == stored

    async def test_patching_what_is_absent_is_an_error(self, client: Client) -> None:
        with pytest.raises(NotFound):
            await client.patch(CONFIG_MAPS, ObjectKey("default", "none"), {"data": {}})

    async def test_a_status_patch_changes_the_status_alone(self, client: Client) -> None:
        stored = await client.create(MACHINES, machine())
        patch = {"status": {"phase": "Running"}, "spec": {"versions": {"kubelet": "1.14.0"}}}

        patched = await client.patch(MACHINES, key_of(stored), patch, subresource="status")

        assert patched.status == MachineStatus(phase="Running")
        assert patched.spec == stored.spec
        assert patched.metadata.generation == 1

    async def test_a_patch_of_the_object_leaves_the_status_alone_and_raises_the_generation(
        self, client: Client
    ) -> None:
        stored = await client.create(MACHINES, machine())
        patch = {"status": {"phase": "Running"}, "spec": {"versions": {"kubelet": "1.14.0"}}}

        patched = await client.patch(MACHINES, key_of(stored), patch)

        assert patched.status == MachineStatus()
        assert patched.spec.versions == MachineVersions(kubelet="1.14.0")
        assert patched.metadata.generation == 2

    async def test_metadata_changes_leave_the_generation_alone(self, client: Client) -> None:
        stored = await client.create(MACHINES, machine())

        patched = await client.patch(MACHINES, key_of(stored), {"metadata": {"annotations": {"a": "b"}}})

        assert patched.metadata.annotations == {"a": "b"}
        assert patched.metadata.generation == 1

    async def test_a_secrets_plain_text_becomes_data(self, client: Client) -> None:
        wish = Secret(metadata=ObjectMeta(name="s", namespace="default"), string_data={"a": "b"})

        stored = await client.create(SECRETS, wish)

        assert secret_data(stored) == {"a": b"b"}
        assert stored.string_data is None

    async def test_deleting_tells_whether_the_object_existed(self, client: Client) -> None:
        stored = await client.create(CONFIG_MAPS, config_map())

        assert await client.delete(CONFIG_MAPS, key_of(stored)) == Deleted(stored.metadata.uid)
        assert await client.delete(CONFIG_MAPS, key_of(stored)) is None
        assert await client.find(CONFIG_MAPS, key_of(stored)) is None

    async def test_deleting_another_object_of_the_same_name_is_a_conflict(self, client: Client) -> None:
        stored = await client.create(CONFIG_MAPS, config_map())

        with pytest.raises(Conflict):
            await client.delete(CONFIG_MAPS, key_of(stored), uid="00000000-0000-0000-0000-000000000000")

        deleted = await client.delete(CONFIG_MAPS, key_of(stored), uid=stored.metadata.uid)
        assert deleted == Deleted(stored.metadata.uid)

    async def test_a_finalizer_holds_a_deleted_object_until_it_is_removed(self, client: Client) -> None:
        stored = await client.create(MACHINES, machine(finalizers=("test.io/hold",)))

        deleted = await client.delete(MACHINES, key_of(stored))
        held = await client.get(MACHINES, key_of(stored))
        again = await client.delete(MACHINES, key_of(stored))
        last = await client.patch(MACHINES, key_of(stored), {"metadata": {"finalizers": None}})

        assert deleted == again == Deleted(stored.metadata.uid, held)
        assert (last.metadata.finalizers, last.metadata.deletion_grace_period_seconds) == ((), 0)
        assert held.metadata.deletion_timestamp is not None
        assert await client.find(MACHINES, key_of(stored)) is None

    async def test_what_an_object_owned_goes_with_it(self, client: Client) -> None:
        owner = await client.create(CONFIG_MAPS, config_map())
        reference = OwnerReference(api_version="v1", kind="ConfigMap", name="c", uid=owner.metadata.uid)
        meta = ObjectMeta(name="owned", namespace="default", owner_references=(reference,))
        owned = await client.create(SECRETS, Secret(metadata=meta))
        revision = (await client.list(SECRETS)).resource_version

        await client.delete(CONFIG_MAPS, key_of(owner))

        async with asyncio.timeout(WATCH_SECONDS), client.watch(SECRETS, resource_version=revision) as deltas:
            deleted = await anext(delta async for delta in deltas if delta.type == "DELETED")
        assert deleted.object is not None
        assert key_of(deleted.object) == key_of(owned)

    async def test_a_watch_sees_every_change_after_its_revision_in_order(self, client: Client) -> None:
        before = await client.create(CONFIG_MAPS, config_map("before"))
        revision = (await client.list(CONFIG_MAPS)).resource_version
        await client.create(CONFIG_MAPS, config_map())

        async with client.watch(CONFIG_MAPS, namespace="default", resource_version=revision) as deltas:
            added = await self.next_delta(deltas)
            changed = await client.patch(CONFIG_MAPS, ObjectKey("default", "c"), {"data": {"a": "1"}})
            modified = await self.next_delta(deltas)
            await client.delete(CONFIG_MAPS, ObjectKey("default", "c"))
            deleted = await self.next_delta(deltas)

        assert [added.type, modified.type, deleted.type] == ["ADDED", "MODIFIED", "DELETED"]
        assert modified.object == changed
        assert modified.resource_version == changed.metadata.resource_version
        assert deleted.object is not None
        assert deleted.object.data == {"a": "1"}
        assert before.metadata.name not in {d.object.metadata.name for d in (added, modified, deleted) if d.object}

    async def test_a_watch_goes_on_where_another_one_ended(self, client: Client) -> None:
        revision = (await client.list(CONFIG_MAPS)).resource_version
        for name in ("a", "b", "c"):
            await client.create(CONFIG_MAPS, config_map(name))

        seen: list[str] = []
        for _ in range(3):
            async with client.watch(CONFIG_MAPS, namespace="default", resource_version=revision) as deltas:
                delta = await self.next_delta(deltas)
            revision = delta.resource_version
            seen.append(delta.object.metadata.name if delta.object else "")

        assert seen == ["a", "b", "c"]

    async def test_a_selecting_watch_adds_what_begins_to_match_and_deletes_what_ends(self, client: Client) -> None:
        stored = await client.create(CONFIG_MAPS, config_map(labels={"x": "0"}))
        revision = (await client.list(CONFIG_MAPS)).resource_version

        async with client.watch(CONFIG_MAPS, resource_version=revision, labels="x=1") as deltas:
            for value in ("1", "2"):
                await client.patch(CONFIG_MAPS, key_of(stored), {"metadata": {"labels": {"x": value}}})
            types = [(await self.next_delta(deltas)).type for _ in range(2)]

        assert types == ["ADDED", "DELETED"]

    async def test_a_watch_carries_objects_of_a_megabyte(self, client: Client) -> None:
        revision = (await client.list(CONFIG_MAPS)).resource_version
        text = "x" * 900_000

        async with client.watch(CONFIG_MAPS, namespace="default", resource_version=revision) as deltas:
            await client.create(CONFIG_MAPS, config_map("big", a=text))
            delta = await self.next_delta(deltas)

        assert delta.object is not None
        assert delta.object.data == {"a": text}

    async def test_a_forgotten_revision_is_gone(self, client: Client) -> None:
        revision = await self.forgotten_revision(client)

        with pytest.raises(Gone):
            async with client.watch(MACHINES, resource_version=revision) as deltas:
                await self.next_delta(deltas)

    async def test_raw_requests_reach_paths_without_a_type(self, client: Client) -> None:
        assert await client.request("GET", "/healthz") == b"ok"

        async with client.stream("/healthz") as pieces:
            assert b"".join([piece async for piece in pieces]) == b"ok"

        with pytest.raises(NotFound):
            await client.request("GET", "/api/v1/namespaces/default/configmaps/none")

    async def test_the_patch_helper_writes_status_and_object_and_nothing_when_equal(self, client: Client) -> None:
        before = await client.create(MACHINES, machine(finalizers=("test.io/hold",)))
        after = msgspec.structs.replace(
            before,
            metadata=msgspec.structs.replace(before.metadata, finalizers=("test.io/hold", "test.io/more")),
            status=MachineStatus(phase="Pending", addresses=(NodeAddress(type="InternalIP", address="10.0.0.1"),)),
        )

        stored = await PatchHelper(client).patch(MACHINES, before, after)

        assert stored.metadata.finalizers == after.metadata.finalizers
        assert stored.status == after.status
        assert await PatchHelper(client).patch(MACHINES, stored, stored) is stored
        with pytest.raises(Conflict):
            await PatchHelper(client).patch(MACHINES, before, after)

    async def next_delta(self, deltas: Any) -> Delta[Any]:
        """Return the next delta that is no bookmark."""
        async with asyncio.timeout(WATCH_SECONDS):
            async for delta in deltas:
                if delta.type != "BOOKMARK":
                    found: Delta[Any] = delta
                    return found
        raise AssertionError("the watch ended")
