"""What becomes of a definition: its names are accepted or not, its kinds served, and with it go its objects."""

import asyncio
from typing import Any

from tests.conformance.custom import DEFINITIONS, definition, own_part, thing, without_times
from tests.definitions import established, judged, reaches
from tests.raw_api import Api

ESTABLISHED = {
    "type": "Established",
    "status": "True",
    "reason": "InitialNamesAccepted",
    "message": "the initial names have been accepted",
}
ACCEPTED = {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found"}
UNACCEPTED = {
    "type": "Established",
    "status": "False",
    "reason": "NotAccepted",
    "message": "not all names are accepted",
}


async def test_a_definition_whose_names_are_free_is_established(api: Api, group: str) -> None:
    await api.create(DEFINITIONS, definition(group))

    found = await established(api, f"things.{group}")

    assert without_times(found["status"]) == {
        "conditions": [ESTABLISHED, ACCEPTED],
        "acceptedNames": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
        "storedVersions": ["v1"],
    }


async def test_names_in_use_wait_until_their_owner_goes(api: Api, group: str) -> None:
    await api.create(DEFINITIONS, definition(group))
    await established(api, f"things.{group}")
    other = definition(group)
    other["metadata"]["name"] = f"others.{group}"
    other["spec"]["names"] = {"plural": "others", "singular": "thing", "kind": "Thing", "listKind": "OtherList"}
    await api.create(DEFINITIONS, other)

    waiting = await judged(api, f"others.{group}")
    await api.delete(f"{DEFINITIONS}/things.{group}")
    served = await established(api, f"others.{group}")

    conflict = {
        "type": "NamesAccepted",
        "status": "False",
        "reason": "KindConflict",
        "message": '"Thing" is already in use',
    }
    assert without_times(waiting["status"]) == {
        "conditions": [UNACCEPTED, conflict],
        "acceptedNames": {"plural": "others", "kind": "", "listKind": "OtherList"},
        "storedVersions": ["v1"],
    }
    assert without_times(served["status"]) == {
        "conditions": [ESTABLISHED, ACCEPTED],
        "acceptedNames": {"plural": "others", "singular": "thing", "kind": "Thing", "listKind": "OtherList"},
        "storedVersions": ["v1"],
    }


async def test_a_definition_goes_after_its_objects_and_takes_none_meanwhile(api: Api, group: str) -> None:
    path, things = f"{DEFINITIONS}/things.{group}", f"/apis/{group}/v1/namespaces/default/things"
    await api.create(DEFINITIONS, definition(group))
    await established(api, f"things.{group}")
    held = thing(group, "held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await api.create(things, held)

    await api.delete(path)
    ending = await reaches(api, f"things.{group}", Terminating="True")
    refused = await api("POST", things, thing(group, "late"))
    await deleted(api, f"{things}/held")
    await api.merge(f"{things}/held", {"metadata": {"finalizers": None}})
    await asyncio.wait_for(api.gone(path), 20)
    gone = await api("GET", things)
    while gone.status == 200:
        await asyncio.sleep(0.05)
        gone = await api("GET", things)

    assert ending["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    words = "create not allowed while custom resource definition is terminating"
    assert (refused.status, refused.body) == (
        403,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": f'things.{group} "late" is forbidden: {words}',
            "reason": "Forbidden",
            "details": {"name": "late", "group": group, "kind": "things"},
            "code": 403,
        },
    )
    assert (gone.status, gone.body) == (404, "404 page not found\n")


async def test_a_new_schema_is_held_against_new_writes(api: Api, group: str) -> None:
    path, things = f"{DEFINITIONS}/things.{group}", f"/apis/{group}/v1/namespaces/default/things"
    made = definition(group)
    await api.create(DEFINITIONS, made)
    await established(api, f"things.{group}")
    await api.create(things, thing(group, "before", spec={"a": "s", "b": 1}))
    properties = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]

    properties |= {"b": {"type": "integer"}, "c": {"type": "object", "default": {}}}
    properties["c"]["properties"] = {"d": {"type": "string", "default": "filled"}}
    await api.merge(path, {"spec": {"versions": made["spec"]["versions"]}})
    async with asyncio.timeout(20):
        stored: Any = {}
        for number in range(1000):
            stored = await api.create(things, thing(group, f"after-{number}", spec={"a": "s", "b": 1, "e": 1}))
            if "b" in stored["spec"]:
                break
            await asyncio.sleep(0.05)

    assert own_part(stored)["spec"] == {"a": "s", "b": 1, "c": {"d": "filled"}}


async def deleted(api: Api, path: str) -> None:
    """Wait until the object is being deleted."""
    async with asyncio.timeout(20):
        while "deletionTimestamp" not in (await api.get(path))["metadata"]:
            await asyncio.sleep(0.05)
