"""Do what `clusterctl validate` asks for: read files, check every object, tell what was found."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

import msgspec

from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clusterctl.inputs.checks.checker import Checker, CheckProviderSpec
from kubecapy.clusterctl.inputs.checks.findings import Finding, Severity, kind_of
from kubecapy.clusterctl.inputs.checks.kinds import known_kinds
from kubecapy.clusterctl.inputs.checks.relations import check_relations
from kubecapy.clusterctl.inputs.manifest_sources import Sources, read_sources
from kubecapy.clusterctl.inputs.provider_tools import ManifestSecrets, find_provider, open_tooling
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.objects.provider_specs import find_provider_spec
from kubecapy.contract.provider import Provider, ProviderTooling, find_provider_of


class ValidateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the person asked for."""

    files: Sequence[Path]
    recursive: bool
    provider: str
    """Name of the provider of every providerSpec; empty where each says by its apiVersion whose it is."""


class Verdict(msgspec.Struct, frozen=True):
    """What was found in how much."""

    findings: tuple[Finding, ...]
    """By file in the order of reading, then by line."""
    file_count: int
    object_count: int

    def count(self, severity: Severity) -> int:
        """Return how many findings are of that severity."""
        return sum(1 for finding in self.findings if finding.severity == severity)


async def validate(request: ValidateRequest, invocation: Invocation) -> Verdict:
    """Check every object of the files; neither a server nor a cloud is asked.

    Raises:
        ClusterctlError: no provider of the wished name is installed.
    """
    chosen = find_provider(request.provider) if request.provider else None
    sources = read_sources(request.files, recursive=request.recursive)
    async with _open_provider_checks(sources.manifests, chosen, invocation) as check_provider_spec:
        findings = _check_all(sources, check_provider_spec)
    order = {name: index for index, name in enumerate(sources.files)}
    by_place = sorted(findings, key=lambda finding: (order.get(finding.source, len(order)), finding.line))
    return Verdict(tuple(_fold_notes(by_place)), len(sources.files), len(sources.manifests))


def _check_all(sources: Sources, check_provider_spec: CheckProviderSpec) -> list[Finding]:
    checker = Checker(known_kinds(manifest.object for manifest in sources.manifests), check_provider_spec)
    findings, sound = [*sources.findings], []
    for manifest in sources.manifests:
        found = checker.check(manifest)
        findings += found
        if not any(finding.severity == "error" for finding in found):
            sound.append(manifest)
    return [*findings, *check_relations(sound)]


def _fold_notes(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield `findings` with one note in place of many that say the same of several objects."""
    counts: dict[str, int] = {}
    for finding in findings:
        if finding.severity == "note":
            counts[finding.message] = counts.get(finding.message, 0) + 1
    for finding in findings:
        count = counts.pop(finding.message, 0) if finding.severity == "note" else 1
        if count > 1:
            message = f"{finding.message} ({count} objects)"
            yield msgspec.structs.replace(finding, message=message, object="")
        elif count:
            yield finding


@asynccontextmanager
async def _open_provider_checks(
    manifests: Sequence[Manifest], chosen: Provider | None, invocation: Invocation
) -> AsyncIterator[CheckProviderSpec]:
    """Open the tools of every provider that is meant; with one `chosen`, all values are meant for that one."""
    tools: dict[str, ProviderTooling] = {}
    async with AsyncExitStack() as stack:
        for api_version in sorted({_api_version_of(value) for value in _provider_values(manifests)}):
            provider = chosen or find_provider_of(api_version)
            if provider is not None:
                # Nothing of the environment: what is right does not depend on who looks.
                opening = open_tooling(provider, invocation, {}, ManifestSecrets(()))
                tools[api_version] = await stack.enter_async_context(opening)

        def check(kind: Literal["Cluster", "Machine"], value: JsonObject, path: str) -> Sequence[FieldError] | None:
            tooling = tools.get(_api_version_of(value))
            return None if tooling is None else tooling.validate_spec(kind, value, path)

        yield check


def _provider_values(manifests: Iterable[Manifest]) -> Iterator[JsonObject]:
    for manifest in manifests:
        place = find_provider_spec(kind_of(manifest.object), manifest.object)
        if place is not None and place.value is not None:
            yield place.value


def _api_version_of(value: JsonObject) -> str:
    return str(value.get("apiVersion") or "")
