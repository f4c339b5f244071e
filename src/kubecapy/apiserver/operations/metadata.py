"""Check and keep the metadata of written objects.

Sources: k8s.io/apiserver pkg/registry/rest (BeforeCreate, BeforeUpdate); k8s.io/apimachinery pkg/api/validation.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.json_codec import encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import (
    NameRule,
    name_errors,
    name_prefix_errors,
    qualified_name_errors,
    validate_labels,
)
from kubecapy.apimachinery.resources import split_api_version
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.strategies.errors import forbidden, invalid, required, unchanged
from kubecapy.apiserver.registry.strategies.finalizers import (
    FOREGROUND_FINALIZER,
    ORPHAN_FINALIZER,
    validate_finalizer_domain,
)

_MAX_ANNOTATION_BYTES = 256 * 1024
_BANNED_OWNERS = frozenset({("v1", "Event")})
"""Source: k8s.io/apimachinery pkg/api/validation, BannedOwners."""
_SYSTEM = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


def clear_system_fields(obj: JsonObject) -> None:
    """Drop from a new object, in place, what only the server sets."""
    for name in _SYSTEM:
        obj["metadata"].pop(name, None)


def keep_system_fields(obj: JsonObject, old: JsonObject) -> None:
    """Give `obj`, in place, the metadata of `old` that no client can change (rest.BeforeUpdate)."""
    new, stored = obj["metadata"], old["metadata"]
    for name in ("creationTimestamp", "generation"):
        _take(new, stored, name)
    for name in ("uid", "deletionGracePeriodSeconds"):
        if name in stored:
            new.setdefault(name, stored[name])
    if "deletionTimestamp" in stored:
        new["deletionTimestamp"] = stored["deletionTimestamp"]


def _take(new: JsonObject, stored: JsonObject, name: str) -> None:
    if name in stored:
        new[name] = stored[name]
    else:
        new.pop(name, None)


def drop_repeated_owners(obj: JsonObject, *, is_patch: bool = False) -> tuple[str, ...]:
    """Drop owner references that `obj` holds twice, in place, and return what its sender is told about that."""
    owners = obj["metadata"].get("ownerReferences") or []
    kept: list[JsonObject] = []
    repeated = []
    for owner in owners:
        if owner in kept:
            repeated.append(owner["uid"])
        else:
            kept.append(owner)
    if not repeated:
        return ()
    obj["metadata"]["ownerReferences"] = kept
    when = " after mutating admission happens" if is_patch else ""
    warning = (
        f".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and"
        " may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed:"
        f" {', '.join(repeated)}"
    )
    return (warning,)


def validate_metadata(kind: ServedKind, obj: JsonObject) -> list[FieldError]:
    """Return what is wrong with the metadata of `obj`."""
    metadata = obj["metadata"]
    return [
        *validate_metadata_by(kind.strategy.name_rule, metadata),
        *_validate_place(kind, metadata),
        *(_validate_finalizer_domains(metadata.get("finalizers") or []) if _is_core(kind) else ()),
    ]


def validate_metadata_by(rule: NameRule, metadata: JsonObject) -> list[FieldError]:
    """Return what is wrong with `metadata`, whose name must follow `rule`."""
    return [
        *_validate_name(metadata, rule),
        *validate_labels(metadata.get("labels") or {}, "metadata.labels"),
        *_validate_annotations(metadata.get("annotations") or {}),
        *_validate_owners(metadata.get("ownerReferences") or []),
        *_validate_finalizers(metadata.get("finalizers") or []),
    ]


def validate_metadata_change(obj: JsonObject, old: JsonObject) -> list[FieldError]:
    """Return what an update may not change, and that an object that is being deleted takes no new finalizers."""
    fixed = ("uid", "deletionTimestamp", "deletionGracePeriodSeconds")
    changed = [error for name in fixed for error in unchanged(obj, old, "metadata", name)]
    return [*_validate_new_finalizers(obj["metadata"], old["metadata"]), *changed]


def _validate_new_finalizers(new: JsonObject, old: JsonObject) -> Iterator[FieldError]:
    known = set(old.get("finalizers") or ())
    added = sorted({name for name in new.get("finalizers") or () if name not in known})
    if "deletionTimestamp" in old and added:
        listed = ", ".join(f'"{name}"' for name in added)
        yield forbidden(
            "metadata.finalizers",
            f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}",
        )


def _validate_name(metadata: JsonObject, rule: NameRule) -> Iterator[FieldError]:
    prefix, name = metadata.get("generateName", ""), metadata.get("name", "")
    for wrong in name_prefix_errors(prefix, rule) if prefix else ():
        yield invalid("metadata.generateName", prefix, wrong)
    if not name:
        yield required("metadata.name", "name or generateName is required")
    for wrong in name_errors(name, rule) if name else ():
        yield invalid("metadata.name", name, wrong)


def _validate_annotations(annotations: dict[str, str]) -> Iterator[FieldError]:
    for key in annotations:
        for wrong in qualified_name_errors(key.lower()):
            yield invalid("metadata.annotations", key, wrong)
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MAX_ANNOTATION_BYTES:
        detail = f"Too long: may not be more than {_MAX_ANNOTATION_BYTES} bytes"
        yield FieldError("metadata.annotations", "FieldValueTooLong", detail)


def _validate_owners(owners: list[JsonObject]) -> Iterator[FieldError]:
    path, first = "metadata.ownerReferences", ""
    for owner in owners:
        group_version = owner["apiVersion"]
        # Go splits at one slash and has no version where there are more.
        if not group_version.rpartition("/")[2] or group_version.count("/") > 1:
            yield invalid(f"{path}.apiVersion", group_version, "version must not be empty")
        for name in ("kind", "name", "uid"):
            if not owner[name]:
                yield invalid(f"{path}.{name}", "", "must not be empty")
        if (group_version, owner["kind"]) in _BANNED_OWNERS:
            group, version = split_api_version(group_version)
            yield invalid(
                path, _as_written(owner), f"{group}/{version}, Kind={owner['kind']} is disallowed from being an owner"
            )
        if owner.get("controller"):
            controller = f"{owner['kind']}/{owner['name']}"
            if first:
                detail = (
                    'Only one reference can have Controller set to true. Found "true" in references for'
                    f" {first} and {controller}"
                )
                yield invalid(path, _as_written(owners), detail)
            first = first or controller


def _as_written(value: Any) -> msgspec.Raw:  # Any: a JSON value
    """Return `value` to be shown with its keys in their order; those of Go's structs are not sorted."""
    return msgspec.Raw(encode(value))


def _is_core(kind: ServedKind) -> bool:
    """Return whether kube-apiserver itself defines the kind; those of its library have laxer rules."""
    return kind.go_type.partition("/")[0] not in ("", "apiextensions")


def _validate_finalizers(finalizers: list[str]) -> Iterator[FieldError]:
    for name in finalizers:
        for wrong in qualified_name_errors(name):
            yield invalid("metadata.finalizers", name, wrong)
    if FOREGROUND_FINALIZER in finalizers and ORPHAN_FINALIZER in finalizers:
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        yield invalid("metadata.finalizers", finalizers, detail)


def _validate_finalizer_domains(finalizers: list[str]) -> Iterator[FieldError]:
    for index, name in enumerate(finalizers):
        yield from validate_finalizer_domain(name, f"metadata.finalizers[{index}]")


def _validate_place(kind: ServedKind, metadata: JsonObject) -> Iterator[FieldError]:
    for wrong in name_errors(metadata.get("namespace", ""), "label") if kind.namespaced else ():
        yield invalid("metadata.namespace", metadata.get("namespace", ""), wrong)
