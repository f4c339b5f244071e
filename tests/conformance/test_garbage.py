"""Garbage: what becomes of objects when their owners go, are not there, or are not what a reference says."""

import asyncio
from typing import Any

import pytest
from tests.conformance.servers import Served
from tests.raw_api import Api

HELD = ["x.example.com/y"]


class Family:
    """ConfigMaps of one namespace and who owns whom."""

    def __init__(self, api: Api, path: str) -> None:
        """Make and look at objects below `path`."""
        self._api = api
        self._path = path

    async def make(self, name: str, *owners: dict[str, Any], held: bool = False) -> dict[str, Any]:
        """Make a ConfigMap and return the reference to it."""
        metadata = {"name": name, "ownerReferences": list(owners), "finalizers": HELD if held else []}
        made = await self._api.create(self._path, {"metadata": metadata})
        return {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": made["metadata"]["uid"]}

    async def delete(self, name: str, policy: str | None = None) -> None:
        await self._api.delete(f"{self._path}/{name}", {"propagationPolicy": policy})

    async def release(self, name: str) -> None:
        await self._api.merge(f"{self._path}/{name}", {"metadata": {"finalizers": None}})

    async def gone(self, *names: str) -> None:
        for name in names:
            await self._api.gone(f"{self._path}/{name}")

    async def metadata(self, name: str) -> Any:
        return (await self._api.get(f"{self._path}/{name}"))["metadata"]

    async def ending(self, name: str) -> list[str]:
        """Wait until an object is being deleted, and return what holds it."""
        async with asyncio.timeout(20):
            while "deletionTimestamp" not in (metadata := await self.metadata(name)):
                await asyncio.sleep(0.02)
        finalizers: list[str] = metadata.get("finalizers", [])
        return finalizers

    async def owners(self, name: str, *expected: dict[str, Any]) -> None:
        """Wait until an object has the owners that are expected."""
        async with asyncio.timeout(20):
            while (await self.metadata(name)).get("ownerReferences", []) != list(expected):
                await asyncio.sleep(0.02)


@pytest.fixture
def family(api: Api, collected: Served, namespace: str) -> Family:
    return Family(api, f"/api/v1/namespaces/{namespace}/configmaps")


async def test_dependents_go_behind_their_last_owner(family: Family) -> None:
    first, second = await family.make("first"), await family.make("second")
    await family.make("child", first)
    await family.make("shared", first, second)

    await family.delete("first", "Background")

    await family.gone("first", "child")
    await family.owners("shared", second)


async def test_an_owner_waits_in_the_foreground_for_who_blocks_it_and_for_nobody_else(family: Family) -> None:
    owner = await family.make("owner")
    child = await family.make("child", {**owner, "blockOwnerDeletion": True})
    await family.make("grandchild", {**child, "blockOwnerDeletion": True}, held=True)
    await family.make("free", owner, held=True)

    await family.delete("owner", "Foreground")

    assert await family.ending("grandchild") == HELD
    assert await family.ending("child") == ["foregroundDeletion"]
    assert await family.ending("owner") == ["foregroundDeletion"]
    await family.release("grandchild")
    await family.gone("grandchild", "child", "owner")
    assert await family.ending("free") == HELD
    await family.release("free")


async def test_an_owner_does_not_wait_for_who_lets_it_go(family: Family, api: Api, namespace: str) -> None:
    owner = await family.make("owner")
    await family.make("child", {**owner, "blockOwnerDeletion": True}, held=True)
    await family.delete("owner", "Foreground")
    await family.ending("child")

    path = f"/api/v1/namespaces/{namespace}/configmaps/child"
    await api.merge(path, {"metadata": {"ownerReferences": None}})

    await family.gone("owner")
    await family.release("child")


async def test_orphans_stay_and_forget_their_owner(family: Family) -> None:
    owner, other = await family.make("owner"), await family.make("other")
    await family.make("child", owner)
    await family.make("shared", other, owner)

    await family.delete("owner", "Orphan")

    await family.gone("owner")
    assert "ownerReferences" not in await family.metadata("child")
    assert (await family.metadata("shared"))["ownerReferences"] == [other]


async def test_a_reference_to_nothing_makes_garbage(family: Family, api: Api) -> None:
    owner = await family.make("owner")
    elsewhere = await api.get("/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt")
    foreign = {**owner, "name": "kube-root-ca.crt", "uid": elsewhere["metadata"]["uid"]}

    # One that nobody can know of, made before the others: where they have gone, it had its turn.
    await family.make("unknown", {**owner, "apiVersion": "unknown.example.com/v1", "kind": "Unknown", "uid": "u"})
    await family.make("never-was", {**owner, "name": "nobody", "uid": "0d5a3c9e-7d1b-4a56-9d2f-0123456789ab"})
    await family.make("of-another-uid", {**owner, "uid": "0d5a3c9e-7d1b-4a56-9d2f-0123456789ac"})
    await family.make("of-another-namespace", foreign)
    await family.make(
        "with-one-owner", owner, {**owner, "name": "nobody", "uid": "0d5a3c9e-7d1b-4a56-9d2f-0123456789ad"}
    )

    await family.gone("never-was", "of-another-uid", "of-another-namespace")
    await family.owners("with-one-owner", owner)
    assert "deletionTimestamp" not in await family.metadata("unknown")


async def test_owners_in_a_circle_go_together(family: Family, api: Api, namespace: str) -> None:
    first = await family.make("first")
    second = await family.make("second", {**first, "blockOwnerDeletion": True})
    closing = {"metadata": {"ownerReferences": [{**second, "blockOwnerDeletion": True}]}}
    await api.merge(f"/api/v1/namespaces/{namespace}/configmaps/first", closing)

    await family.delete("first", "Foreground")

    await family.gone("first", "second")


async def test_the_owner_of_another_kind_takes_its_dependents_along(
    family: Family, api: Api, namespace: str, collected: Served
) -> None:
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    account = await api.create(accounts, {"metadata": {"name": "a"}})
    about = {"apiVersion": "v1", "kind": "ServiceAccount", "name": "a", "uid": account["metadata"]["uid"]}
    await family.make("child", about)

    await api.delete(f"{accounts}/a")

    await family.gone("child")
