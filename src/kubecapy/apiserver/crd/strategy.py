"""Write CustomResourceDefinitions: what is accepted is established at once.

A real server sets the conditions a moment later by a controller; here the same write decides about the names and
stores the verdict, so a client that sees the object can use its kind.
"""

from collections.abc import Iterator
from copy import deepcopy

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.crd.validation import validate_definition
from kubecapy.apiserver.registry.access import fill, read, read_object, read_objects, read_text, section
from kubecapy.apiserver.registry.columns.rules import CUSTOM_RESOURCE_DEFINITIONS
from kubecapy.apiserver.registry.kinds import ServedKind, Strategy, status_of
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.apiserver.storage.records import ResourceId
from kubecapy.clock import Clock

DEFINITIONS = ResourceId("apiextensions.k8s.io", "customresourcedefinitions")
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"


class DefinitionStatus:
    """Decides whether the names of a definition can be accepted, and writes that into its status."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        """Judge names against the kinds in `registry`."""
        self._registry = registry
        self._clock = clock

    def write(self, definition: JsonObject) -> None:
        """Fill the status of `definition` in place: accepted names, stored versions, conditions."""
        # A copy: the stored state, which this one is compared with, may share it.
        status = definition["status"] = deepcopy(read_object(definition, "status"))
        conflict = next(self._conflicts(definition), "")
        if conflict:
            fill(status, acceptedNames={"kind": "", "plural": ""})
            self._set(status, "NamesAccepted", "False", "NamesConflict", conflict)
            self._set(status, "Established", "False", "NotAccepted", "not all names are accepted")
        else:
            status["acceptedNames"] = read_object(definition, "spec", "names")
            self._set(status, "NamesAccepted", "True", "NoConflicts", "no conflicts found")
            self._set(status, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted")
        stored = status.setdefault("storedVersions", [])
        stored += [name for name in _storage_versions(definition) if name not in stored]

    def write_terminating(self, definition: JsonObject) -> None:
        """Say in the status of `definition` that its objects are being deleted."""
        message = "CustomResource deletion is in progress"
        self._set(section(definition, "status"), "Terminating", "True", "InstanceDeletionInProgress", message)

    def _conflicts(self, definition: JsonObject) -> Iterator[str]:
        group = read_text(definition, "spec", "group")
        plural = read_text(definition, "spec", "names", "plural")
        names = read_object(definition, "spec", "names")
        wanted = {read_text(names, "kind").lower(), plural, read_text(names, "singular")}
        for other in self._registry:
            if other.group != group or other.plural == plural:
                continue
            for name in sorted(wanted & {other.kind.lower(), other.plural, other.singular}):
                yield f'"{name}" is already in use'

    def _set(self, status: JsonObject, type_: str, value: str, reason: str, message: str) -> None:
        conditions = section_list(status, "conditions")
        found = next((item for item in conditions if item.get("type") == type_), None)
        if found is None:
            found = {"type": type_}
            conditions.append(found)
        if found.get("status") != value:
            found["lastTransitionTime"] = format_time(self._clock.now())
        found.update(status=value, reason=reason, message=message)


def section_list(obj: JsonObject, name: str) -> list[JsonObject]:
    """Return the list below `name` for changing, put there where it is absent or no list."""
    value = obj.get(name)
    if not isinstance(value, list):
        value = obj[name] = []
    return value


def is_established(definition: JsonObject) -> bool:
    """Return whether the kinds of `definition` are to be served."""
    conditions = read_objects(definition, "status", "conditions")
    return any(item.get("type") == "Established" and item.get("status") == "True" for item in conditions)


def definition_kind(status: DefinitionStatus) -> ServedKind:
    """Return the kind CustomResourceDefinition itself."""
    group, version, kind = "apiextensions.k8s.io", "v1", "CustomResourceDefinition"

    def default(definition: JsonObject) -> None:
        _default(definition)
        if read(definition, "metadata", "deletionTimestamp") is None:
            status.write(definition)

    return ServedKind(
        group=group,
        version=version,
        kind=kind,
        plural="customresourcedefinitions",
        singular="customresourcedefinition",
        namespaced=False,
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        subresources=(status_of(group, version, kind),),
        columns=CUSTOM_RESOURCE_DEFINITIONS,
        strategy=Strategy(
            has_status=True,
            has_generation=True,
            prepare_create=_prepare_create,
            default=default,
            validate=validate_definition,
            prepare_delete=status.write_terminating,
        ),
        description="CustomResourceDefinition makes the server serve a kind.",
    )


def _prepare_create(definition: JsonObject) -> None:
    definition["metadata"].setdefault("finalizers", [])
    if CLEANUP_FINALIZER not in definition["metadata"]["finalizers"]:
        definition["metadata"]["finalizers"].append(CLEANUP_FINALIZER)


def _default(definition: JsonObject) -> None:
    spec = section(definition, "spec")
    names = section(spec, "names")
    kind = read_text(names, "kind")
    fill(names, singular=kind.lower(), listKind=f"{kind}List")
    fill(section(spec, "conversion"), strategy="None")


def _storage_versions(definition: JsonObject) -> list[str]:
    versions = read_objects(definition, "spec", "versions")
    return [read_text(version, "name") for version in versions if version.get("storage") is True]
