"""Learn from a server which kinds it serves, and find one by what a person calls it.

Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api, in its plain form, which every
server since 1.0 answers.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from kubecapy.apimachinery.codec import decode
from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import Resource, split_api_version
from kubecapy.client.interfaces import Raw
from kubecapy.clusterctl.errors import ClusterctlError


class _ApiResource(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    kind: str
    namespaced: bool
    singular_name: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def answers_to(self, name: str) -> bool:
        return name in {self.name, self.singular_name, self.kind.lower(), *self.short_names}


class _ApiResourceList(msgspec.Struct, frozen=True, rename="camel"):
    resources: tuple[_ApiResource, ...] = ()


class _GroupVersion(msgspec.Struct, frozen=True, rename="camel"):
    group_version: str


class _ApiGroup(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    preferred_version: _GroupVersion


class _ApiGroupList(msgspec.Struct, frozen=True):
    groups: tuple[_ApiGroup, ...] = ()


class Discovery:
    """Asks a server for its kinds, each group once."""

    def __init__(self, raw: Raw) -> None:
        """Ask through `raw`."""
        self._raw = raw
        self._known: dict[str, tuple[_ApiResource, ...]] = {}

    async def resource_of(self, obj: JsonObject) -> Resource[JsonObject]:
        """Return how to reach objects of the kind that `obj` has.

        Raises:
            ClusterctlError: the server has no such kind.
        """
        api_version, kind = str(obj.get("apiVersion")), str(obj.get("kind"))
        for candidate in await self._resources_of(api_version):
            if candidate.kind == kind:
                return _resource(api_version, candidate)
        self._known.pop(api_version, None)  # A CRD may bring it later.
        raise ClusterctlError(f'the server has no kind "{kind}" in {api_version}; apply its CRD first')

    async def find_by_name(self, text: str) -> Resource[JsonObject]:
        """Return the kind that a person calls `text`: plural, singular, kind or short name, with `.group` or without.

        Raises:
            ClusterctlError: the server has nothing of that name.
        """
        name, _, group = text.lower().partition(".")
        async for api_version in self._group_versions():
            if group and split_api_version(api_version)[0] != group:
                continue
            for candidate in await self._resources_of(api_version):
                if candidate.answers_to(name):
                    return _resource(api_version, candidate)
        raise ClusterctlError(f'the server doesn\'t have a resource type "{text}"')

    async def _group_versions(self) -> AsyncIterator[str]:
        """Yield the core group first: it wins where two groups use one name."""
        yield "v1"
        reply = decode(await self._raw.request("GET", "/apis"), _ApiGroupList)
        for group in reply.groups:
            yield group.preferred_version.group_version

    async def _resources_of(self, api_version: str) -> Sequence[_ApiResource]:
        if api_version not in self._known:
            self._known[api_version] = await self._ask(api_version)
        return self._known[api_version]

    async def _ask(self, api_version: str) -> tuple[_ApiResource, ...]:
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            reply = decode(await self._raw.request("GET", path), _ApiResourceList)
        except NotFound:
            return ()
        return tuple(resource for resource in reply.resources if "/" not in resource.name)


def _resource(api_version: str, found: _ApiResource) -> Resource[Any]:  # Any: objects of unknown shape
    group, version = split_api_version(api_version)
    return Resource(group, version, found.kind, found.name, dict, found.namespaced)
