"""Prepare a management cluster that has no controllers yet, and wait for what they bring about."""

import asyncio
from collections.abc import Awaitable, Callable

from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import Resource
from kubecapy.bootstrap.templates import user_data_templates
from kubecapy.client.interfaces import Client

COMPONENTS = "openstack-provider-system"
PATIENCE_SECONDS = 60.0
CRDS: Resource[JsonObject] = Resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", dict, namespaced=False
)
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace"}
NAMESPACES: Resource[JsonObject] = Resource("", "v1", "Namespace", "namespaces", dict, namespaced=False)
SECRETS: Resource[JsonObject] = Resource("", "v1", "Secret", "secrets", dict)


async def prepare(client: Client) -> None:
    """Apply what clusters need first: their kinds and the user data."""
    for crd in custom_resource_definitions():
        await client.create(CRDS, crd)
    await eventually(lambda: _established(client), "the kinds are served")
    await client.create(NAMESPACES, {**NAMESPACE, "metadata": {"name": COMPONENTS}})
    for role, text in user_data_templates("ubuntu").items():
        metadata = {"name": f"{role}-user-data", "namespace": COMPONENTS}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"userData": text}}
        await client.create(SECRETS, secret)


async def eventually(check: Callable[[], Awaitable[bool]], what: str, patience_seconds: float = PATIENCE_SECONDS):
    """Look until `check` holds."""
    try:
        async with asyncio.timeout(patience_seconds):
            while not await check():
                await asyncio.sleep(0.02)
    except TimeoutError as error:
        raise AssertionError(f"never: {what}") from error


async def _established(client: Client) -> bool:
    listed = (await client.list(CRDS)).items
    return all(
        any(found["type"] == "Established" and found["status"] == "True" for found in crd["status"]["conditions"] or ())
        for crd in listed
    )
