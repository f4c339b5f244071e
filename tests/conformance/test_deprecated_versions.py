"""Who uses a deprecated version of a custom kind is told, whatever is asked for."""

from typing import Any

from tests.conformance.definitions import define
from tests.raw_api import Api

MERGE = "application/merge-patch+json"


def definition(group: str) -> dict[str, Any]:
    size = {"type": "object", "properties": {"size": {"type": "integer", "maximum": 5}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": size, "status": size}}}
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    served = {"served": True, "schema": schema, "subresources": {"status": {}, "scale": scale}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things"},
            "versions": [
                {"name": "v2", "storage": True, **served},
                {"name": "v1", "storage": False, "deprecated": True, **served},
                {
                    "name": "v1beta1",
                    "storage": False,
                    "deprecated": True,
                    "deprecationWarning": 'use "v2" \\ soon',
                    **served,
                },
            ],
        },
    }


async def test_every_reply_of_a_deprecated_version_warns(api: Api, namespace: str, group: str) -> None:
    await define(api, definition(group), group)
    told = {
        "v2": (),
        "v1": (f'299 - "{group}/v1 Thing is deprecated; use {group}/v2 Thing"',),
        "v1beta1": ('299 - "use \\"v2\\" \\\\ soon"',),
    }
    for version, warnings in told.items():
        things = f"/apis/{group}/{version}/namespaces/{namespace}/things"
        thing = {"apiVersion": f"{group}/{version}", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": 1}}
        wrong = {**thing, "metadata": {"name": "b"}, "spec": {"size": 9}}
        replies = [
            (201, await api("POST", things, thing)),
            (409, await api("POST", things, thing)),
            (422, await api("POST", things, wrong)),
            (200, await api("GET", things)),
            (200, await api("GET", f"{things}/a")),
            (404, await api("GET", f"{things}/absent")),
            (403, await api("GET", f"{things}/a", headers={"Impersonate-User": "jane"})),
            (200, await api("PATCH", f"{things}/a", {"spec": {"size": 2}}, type_=MERGE)),
            (422, await api("PATCH", f"{things}/a", {"spec": {"size": 9}}, type_=MERGE)),
            (200, await api("GET", f"{things}/a/status")),
            (200, await api("PATCH", f"{things}/a/status", {"status": {"size": 2}}, type_=MERGE)),
            (200, await api("GET", f"{things}/a/scale")),
            (200, await api("PATCH", f"{things}/a/scale", {"spec": {"replicas": 3}}, type_=MERGE)),
            (200, await api("DELETE", f"{things}/a")),
            (200, await api("DELETE", things)),
        ]
        assert [reply.status for _, reply in replies] == [status for status, _ in replies]
        # Who may not ask at all is not told of versions.
        assert [reply.warnings for _, reply in replies] == [
            () if reply.status == 403 else warnings for _, reply in replies
        ]


async def test_a_watch_of_a_deprecated_version_warns(api: Api, namespace: str, group: str) -> None:
    await define(api, definition(group), group)

    async with api.watch(f"/apis/{group}/v1/namespaces/{namespace}/things?watch=1&timeoutSeconds=1") as stream:
        warnings = stream.headers.getall("Warning")

    assert warnings == [f'299 - "{group}/v1 Thing is deprecated; use {group}/v2 Thing"']
