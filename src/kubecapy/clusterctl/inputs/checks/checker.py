"""Check manifests one by one: fields by the definitions of their kinds, then the provider's part by the provider."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from kubecapy.api.cluster.v1alpha1 import API_VERSION, GROUP, MACHINE_DEPLOYMENTS, MACHINE_SETS
from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.fields import FieldError, nearest_name
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.clusterctl.inputs.checks.findings import Finding, about, kind_of, of_field
from kubecapy.clusterctl.inputs.checks.kinds import KnownKinds
from kubecapy.clusterctl.inputs.checks.metadata import check_marks, check_metadata
from kubecapy.clusterctl.objects.provider_specs import ProviderSpecPlace, find_provider_spec

CheckProviderSpec = Callable[[Literal["Cluster", "Machine"], JsonObject, str], Sequence[FieldError] | None]
"""Returns what is wrong with a providerSpec's value, with paths below the given one; None where nobody knows it."""

_TEMPLATED = frozenset({MACHINE_SETS.gvk, MACHINE_DEPLOYMENTS.gvk})


class Checker:
    """Finds what is wrong with manifests of any kind."""

    def __init__(self, kinds: KnownKinds, check_provider_spec: CheckProviderSpec) -> None:
        """Check fields by `kinds`, and the providers' parts by `check_provider_spec`."""
        self._kinds = kinds
        self._check_provider_spec = check_provider_spec

    def check(self, manifest: Manifest) -> list[Finding]:
        """Return everything that is found in `manifest`, in the order of its lines."""
        return sorted(self._check(manifest), key=lambda finding: finding.line)

    def _check(self, manifest: Manifest) -> Iterator[Finding]:
        gvk, obj = kind_of(manifest.object), manifest.object
        is_custom = self._kinds.is_custom(gvk)
        yield from (of_field(manifest, error) for error in check_metadata(obj, is_custom=is_custom))
        known = self._kinds.find(gvk)
        if known is None:
            yield self._unknown_kind(manifest, gvk)
            return
        errors = known.check(obj)
        yield from (of_field(manifest, error) for error in errors)
        if gvk in _TEMPLATED and not errors:
            marks = check_marks(obj["spec"]["template"].get("metadata") or {}, "spec.template.metadata")
            yield from (of_field(manifest, error) for error in marks)
        place = find_provider_spec(gvk, obj)
        if place is not None:
            yield from self._check_provider(manifest, place)

    def _check_provider(self, manifest: Manifest, place: ProviderSpecPlace) -> Iterator[Finding]:
        if "valueFrom" in place.spec:
            message = "no controller looks up machine classes yet; write the value itself"
            yield about(manifest, f"{place.path}.valueFrom", message, "warning")
        if place.value is None:
            return
        errors = self._check_provider_spec(place.about, place.value, place.value_path)
        if errors is not None:
            yield from (of_field(manifest, error) for error in errors)
            return
        said = place.value.get("apiVersion")
        known_by = f'no installed provider knows apiVersion "{said}"' if said else "it has no apiVersion"
        yield about(manifest, place.value_path, f"not checked: {known_by}; name its provider by --provider", "note")

    def _unknown_kind(self, manifest: Manifest, gvk: GroupVersionKind) -> Finding:
        """Say that a kind is not known: an error where its whole group is, else no more than a note."""
        ours = [known.kind for known in self._kinds.kinds_of_group(GROUP)]
        if gvk.group == GROUP:
            field, value = ("kind", gvk.kind) if gvk.api_version == API_VERSION else ("apiVersion", gvk.api_version)
            nearest = nearest_name(gvk.kind, ours) if field == "kind" else API_VERSION
            hint = f', did you mean "{nearest}"?' if nearest else f"; expected one of {', '.join(ours)}"
            return about(manifest, field, f'no {field} "{value}" in group {GROUP}{hint}')
        message = f"{gvk.kind} of {gvk.api_version} is not known here and was not checked"
        if gvk.kind in ours:
            return about(manifest, "apiVersion", f'{message}, did you mean "{API_VERSION}"?', "warning")
        return about(manifest, "", message, "note")
