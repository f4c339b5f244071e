"""Make custom kinds for tests: Things, in the test's own group."""

import asyncio
from typing import Any

from tests.raw_api import Api

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "replicas": {"type": "integer"},
                "text": {"type": "string"},
                "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
                "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {
            "type": "object",
            "properties": {
                "replicas": {"type": "integer"},
                "selector": {"type": "string"},
                "phase": {"type": "string"},
            },
        },
    },
}
SUBRESOURCES: dict[str, Any] = {
    "status": {},
    "scale": {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    },
}


async def serve_things(api: Api, group: str, namespace: str, **version: Any) -> str:
    """Define Things, wait until they are served, and return the path of their collection in `namespace`."""
    served = {"name": "v1", "served": True, "storage": True, "subresources": SUBRESOURCES, **version}
    definition = {
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
            "versions": [{"schema": {"openAPIV3Schema": SCHEMA}, **served}],
        },
    }
    await api.create(DEFINITIONS, definition)
    path = f"/apis/{group}/v1/namespaces/{namespace}/things"
    async with asyncio.timeout(30):
        while (await api("GET", path)).status != 200:
            await asyncio.sleep(0.02)
    return path


def thing(group: str, name: str = "a", metadata: Any = None, **sections: Any) -> dict[str, Any]:
    """Return a Thing; `metadata` is merged into its own."""
    return {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": name, **(metadata or {})}, **sections}
