"""Write CustomResourceDefinitions.

What follows from a write (accepted names, conditions, the deletion of objects) is upkeep's: see `crd.lifecycle`.

Source: pkg/registry/customresourcedefinition of k8s.io/apiextensions-apiserver.
"""

from collections.abc import Iterator
from typing import Any

from kubecapy.apimachinery.json_codec import to_json_object
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.schema.formats import is_recognized
from kubecapy.apimachinery.schema.props import walk_everything
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.crd.lifecycle import DELETION_PENDING, with_condition, with_times
from kubecapy.apiserver.crd.types import Definition, Status, read_definition
from kubecapy.apiserver.crd.validation import validate_definition, validate_definition_status
from kubecapy.apiserver.registry.access import fill, read, read_list, read_objects, read_text, section
from kubecapy.apiserver.registry.columns.rules import CUSTOM_RESOURCE_DEFINITIONS
from kubecapy.apiserver.registry.kinds import ServedKind, Strategy, status_of
from kubecapy.apiserver.storage.records import ResourceId
from kubecapy.clock import Clock

DEFINITIONS = ResourceId("apiextensions.k8s.io", "customresourcedefinitions")
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"


def definition_kind(clock: Clock) -> ServedKind:
    """Return the kind CustomResourceDefinition itself; `clock` says when its deletion begins."""
    group, version, kind = "apiextensions.k8s.io", "v1", "CustomResourceDefinition"

    def begin_deletion(definition: JsonObject) -> None:
        """Hold a definition that is being deleted until its objects are gone."""
        finalizers = definition["metadata"].setdefault("finalizers", [])
        if CLEANUP_FINALIZER not in finalizers:
            finalizers.append(CLEANUP_FINALIZER)
        before = read_definition(definition).status
        after = with_times(with_condition(before, DELETION_PENDING), before, format_time(clock.now()))
        definition["status"] = write_status(after)

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
            needs_resource_version=True,
            status_takes_metadata=True,
            is_deleted_gracefully=False,
            default=_default,
            validate=validate_definition,
            validate_status=validate_definition_status,
            warn=_warn,
            prepare_delete=begin_deletion,
        ),
        description="CustomResourceDefinition makes the server serve a kind.",
    )


def write_status(status: Status) -> JsonObject:
    """Return a status in its stored form, in which what is absent is null."""
    written = to_json_object(status)
    names = written.setdefault("acceptedNames", {})
    fill(names, plural="", kind="")
    return {"conditions": None, "storedVersions": None, **written}


def _default(definition: JsonObject) -> None:
    spec = section(definition, "spec")
    names = section(spec, "names")
    kind = read_text(names, "kind")
    if not names.get("singular") and kind:
        names["singular"] = kind.lower()
    if not names.get("listKind") and kind:
        names["listKind"] = f"{kind}List"
    fill(spec, conversion={"strategy": "None"})
    service = read(spec, "conversion", "webhook", "clientConfig", "service")
    if isinstance(service, dict):
        fill(service, port=443)
    status = section(definition, "status")
    fill(status, conditions=None, acceptedNames={"plural": "", "kind": ""}, storedVersions=None)
    storage = next((version for version in read_objects(spec, "versions") if version.get("storage") is True), {})
    stored = read_list(status, "storedVersions")
    if storage and storage.get("name") not in stored:
        # A new list: the stored state, which this one is compared with, may share it.
        status["storedVersions"] = [*stored, storage.get("name")]


def _warn(obj: JsonObject, old: JsonObject | None) -> list[str]:
    """Return a warning for each format that is not checked, where it was not there before."""
    if old is not None and old.get("spec") == obj.get("spec"):
        return []
    known = set(_unrecognized(read_definition(old))) if old is not None else set()
    found = [name for name in _unrecognized(read_definition(obj)) if name not in known]
    return [f'unrecognized format "{name}"' for name in found]


def _unrecognized(definition: Definition) -> Iterator[str]:
    schemas: list[Any] = []
    for version in definition.spec.all_versions:
        # What all versions share is looked at once.
        if version.openapi is not None and version.openapi not in schemas:
            schemas.append(version.openapi)
            yield from (place.format for place in walk_everything(version.openapi) if not is_recognized(place))
