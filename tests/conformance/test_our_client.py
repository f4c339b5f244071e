"""Our client passes its suite against both servers, as the fake does that stands in for one."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.client.client_suite import ClientSuite
from tests.conformance.servers import Served

from kubecapy.api.apiextensions import CUSTOM_RESOURCE_DEFINITIONS
from kubecapy.api.cluster.v1alpha1 import MACHINES
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.api.core import CONFIG_MAPS, NODES, SECRETS
from kubecapy.apimachinery.codec import convert
from kubecapy.apimachinery.errors import AlreadyExists, NotFound
from kubecapy.apimachinery.meta import key_of
from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock

SECONDS = 30.0


@pytest.fixture
async def client(collected: Served) -> AsyncIterator[Client]:
    async with HttpClient(kubeconfig.load(collected.kubeconfig), SystemClock()) as http:
        await _serve_machines(http)
        await _empty(http)
        yield http
        await _empty(http)


async def _serve_machines(http: Client) -> None:
    for definition in custom_resource_definitions():
        try:
            await http.create(CUSTOM_RESOURCE_DEFINITIONS, convert(definition, CUSTOM_RESOURCE_DEFINITIONS.type))
        except AlreadyExists:
            continue
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await http.list(MACHINES)
            except NotFound:
                await asyncio.sleep(0.05)
            else:
                return


async def _empty(http: Client) -> None:
    """Leave no object of the suite's kinds in `default`; one server serves all tests."""
    for resource in (CONFIG_MAPS, SECRETS, MACHINES, NODES):
        for obj in (await http.list(resource)).items:
            if obj.metadata.namespace not in ("", "default") or obj.metadata.name == "kube-root-ca.crt":
                continue
            await http.delete(resource, key_of(obj))
            if obj.metadata.finalizers:
                await http.patch(resource, key_of(obj), {"metadata": {"finalizers": None}})


class TestOurClient(ClientSuite):
    async def forgotten_revision(self, client: Client) -> str:
        # What a server knows of a kind begins with its definition.
        return "1"
