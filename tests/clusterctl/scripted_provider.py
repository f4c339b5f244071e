"""A provider whose answers stand in the environment that its Deployment gives it."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.contract.errors import PermissionDenied
from kubecapy.contract.provider import Leftover, ProviderSettings
from kubecapy.testing.fake_cloud import FakeCloud
from kubecapy.testing.fake_provider import FakeProvider, FakeTooling


class ScriptedTooling(FakeTooling):
    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(FakeCloud())
        self._environ = environ

    async def preflight(self, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
        if refusal := self._environ.get("CLOUD_REFUSES"):
            raise PermissionDenied(refusal)
        lacks = self._environ.get("CLOUD_LACKS")
        return [lacks] if lacks else []

    async def find_leftovers(self, cluster: Cluster) -> Sequence[Leftover]:
        name = self._environ.get("CLOUD_KEEPS")
        return [Leftover("port", "p-1", f"{name} of {cluster.metadata.name}")] if name else []


class ScriptedProvider(FakeProvider):
    name = "scripted"
    spec_api_versions = ("scripted/v1",)

    @contextlib.asynccontextmanager
    async def open_tooling(self, settings: ProviderSettings) -> AsyncIterator[ScriptedTooling]:
        yield ScriptedTooling(settings.environ)


def install(folder) -> None:
    """Offer the provider as an installed package would, from a folder on the import path."""
    information = folder / "scripted_provider-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted-provider\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[kubecapy.providers]\nscripted = tests.clusterctl.scripted_provider:ScriptedProvider\n"
    )
