"""Check what access reviews ask.

Source: k8s.io/kubernetes pkg/apis/authorization/validation/validation.go (v1.36).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kubecapy.apimachinery.field_errors import forbidden, invalid, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apimachinery.names import qualified_name_errors

_RESOURCE: Final = "spec.resourceAttributes"
_PATH: Final = "spec.nonResourceAttributes"
_FILLED: Final = "must be specified when `operator` is 'In' or 'NotIn'"
_EMPTY: Final = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"


class Requirement(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One demand of a selector; operators that are not known are let through."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class Selector(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the request would select by, as text or in parts."""

    raw_selector: str = ""
    requirements: tuple[Requirement, ...] = ()


class ResourceAttributes(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A request for a resource; `*` stands for all."""

    namespace: str = ""
    verb: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    field_selector: Selector | None = None
    label_selector: Selector | None = None


class NonResourceAttributes(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A request for a path."""

    path: str = ""
    verb: str = ""


class SelfAccessSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is asked about the sender."""

    resource_attributes: ResourceAttributes | None = None
    non_resource_attributes: NonResourceAttributes | None = None


class AccessSpec(SelfAccessSpec, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is asked, and about whom."""

    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] | None = None


def check_spec(spec: SelfAccessSpec) -> Iterator[FieldError]:
    """Yield what is wrong with a question, in the API server's order."""
    resource, path = spec.resource_attributes, spec.non_resource_attributes
    if resource is not None and path is not None:
        yield invalid(_PATH, _shown(path), "cannot be specified in combination with resourceAttributes")
    if resource is None and path is None:
        rule = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield invalid(_RESOURCE, None, rule)
    if isinstance(spec, AccessSpec) and not spec.user and not spec.groups:
        yield invalid("spec.user", "", "at least one of user or group must be specified")
    if resource is not None:
        yield from _check_field_selector(resource.field_selector)
        yield from _check_label_selector(resource.label_selector)


def check_metadata(metadata: JsonObject) -> Iterator[FieldError]:
    """Yield the error for metadata that a review cannot have."""
    if any(value for name, value in metadata.items() if name != "managedFields"):
        yield invalid("metadata", metadata, "must be empty")


def check_local(metadata: JsonObject, spec: AccessSpec, namespace: str) -> Iterator[FieldError]:
    """Yield what a LocalSubjectAccessReview may not say in `namespace`."""
    if any(value for name, value in metadata.items() if name not in ("managedFields", "namespace")):
        yield invalid("metadata", metadata, "must be empty except for namespace")
    resource, path = spec.resource_attributes, spec.non_resource_attributes
    if resource is not None and resource.namespace != namespace:
        yield invalid(f"{_RESOURCE}.namespace", resource.namespace, "must match metadata.namespace")
    if path is not None:
        yield invalid(_PATH, _shown(path), "disallowed on this kind of request")


def _check_field_selector(selector: Selector | None) -> Iterator[FieldError]:
    place = f"{_RESOURCE}.fieldSelector"
    yield from _check_selector(place, selector)
    for index, requirement in enumerate(selector.requirements if selector else ()):
        each = f"{place}.requirements[{index}]"
        if not requirement.key:
            yield required(f"{each}.key", "must be specified")
        yield from _check_values(each, requirement)


def _check_label_selector(selector: Selector | None) -> Iterator[FieldError]:
    place = f"{_RESOURCE}.labelSelector"
    yield from _check_selector(place, selector)
    for index, requirement in enumerate(selector.requirements if selector else ()):
        each = f"{place}.requirements[{index}]"
        yield from _check_values(each, requirement)
        for problem in qualified_name_errors(requirement.key):
            yield invalid(f"{each}.key", requirement.key, problem)


def _check_selector(place: str, selector: Selector | None) -> Iterator[FieldError]:
    if selector is None:
        return
    if selector.raw_selector and selector.requirements:
        rule = "may not specified at the same time as requirements"
        yield invalid(f"{place}.rawSelector", selector.raw_selector, rule)
    if not selector.raw_selector and not selector.requirements:
        rule = f"when {place} is specified, requirements or rawSelector is required"
        yield required(f"{place}.requirements", rule)


def _check_values(place: str, requirement: Requirement) -> Sequence[FieldError]:
    match requirement.operator:
        case "In" | "NotIn" if not requirement.values:
            return [required(f"{place}.values", _FILLED)]
        case "Exists" | "DoesNotExist" if requirement.values:
            return [forbidden(f"{place}.values", _EMPTY)]
        case _:
            return []


def _shown(path: NonResourceAttributes) -> JsonObject:
    """Return the value as messages show it: by the names of kube-apiserver's internal type."""
    return {"Path": path.path, "Verb": path.verb}
