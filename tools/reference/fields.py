"""Describe the fields of our kinds, and of the OpenStack provider's part in them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine, MachineClass, MachineDeployment, MachineSet
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject, ObjectMeta
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.specs import decode_cluster_spec, decode_machine_spec
from kubecapy.providers.openstack.api.status import MachineProviderStatus
from reference.markdown import code, page, table
from reference.structs import Field, Struct, fields_of, first_line, is_struct, sample_value, structs_below

EXPLAINED_ELSEWHERE: frozenset[Struct] = frozenset({ObjectMeta})
"""Structs that Kubernetes itself documents."""
KINDS_IN_ORDER: Sequence[Struct] = (Cluster, Machine, MachineSet, MachineDeployment, MachineClass)
KINDS = """
What a person writes, and what the controllers write back. `metadata` is that of every Kubernetes object. The server
fills in defaults.
"""
PROVIDER = """
The `value` is checked by the provider before anything is made. Keys are matched without regard to letter case. An
unknown field is refused with the nearest known name. A field that asks for something this provider does not do is
refused by name and never ignored; the table says so.
"""

Refusals = Mapping[str, str]
"""What the provider says against a field that it does not act on, by the field's name."""
Defaults = Mapping[tuple[Struct, str], Any]
"""What an absent field is filled in with, by its Struct and its name."""


def fields_page() -> str:
    """Return the page of all fields."""
    tables = Tables(dict(_defaults()))
    return page(
        "Fields",
        KINDS,
        "## cluster.k8s.io/v1alpha1",
        *(part for kind in KINDS_IN_ORDER for part in tables.below(kind)),
        "## OpenStack: spec.providerSpec.value",
        PROVIDER,
        *tables.below(MachineProviderSpec, _refusals(MachineProviderSpec, _machine_errors)),
        *tables.below(ClusterProviderSpec, _refusals(ClusterProviderSpec, _cluster_errors)),
        "## OpenStack: status.providerStatus of a Machine",
        *tables.below(MachineProviderStatus),
    )


class Tables:
    """Makes one table for each Struct, however many fields hold it."""

    def __init__(self, defaults: Defaults) -> None:
        """Begin with nothing shown; `defaults` are told beside the meaning of their fields."""
        self._shown: set[Struct] = set()
        self._defaults = defaults

    def below(self, root: Struct, refusals: Refusals | None = None) -> Iterator[str]:
        """Yield heading, first line and table of `root` and of what it holds; `refusals` are about its own fields."""
        for struct in (root, *structs_below(root, leaves=EXPLAINED_ELSEWHERE)):
            if struct not in self._shown:
                self._shown.add(struct)
                yield from self._table(struct, (refusals or {}) if struct is root else {})

    def _table(self, struct: Struct, refusals: Refusals) -> Iterator[str]:
        yield f"### {struct.__name__}"
        yield first_line(struct)
        rows = (self._row(struct, field, refusals) for field in fields_of(struct))
        yield table(("field", "type", "meaning"), rows)

    def _row(self, struct: Struct, field: Field, refusals: Refusals) -> tuple[str, str, str]:
        meaning = f"Required. {field.meaning}" if field.required else field.meaning
        if (struct, field.name) in self._defaults:
            meaning = f"{meaning} Default: {code(json.dumps(self._defaults[struct, field.name]))}."
        if field.name in refusals:
            meaning = f"{meaning} **Refused**: {refusals[field.name]}."
        return code(field.name), field.type, meaning.strip()


def _defaults() -> Iterator[tuple[tuple[Struct, str], Any]]:
    """Yield every default of the definitions with the Struct and the field that it is for."""
    kinds = {kind.__name__: kind for kind in KINDS_IN_ORDER}
    for definition in custom_resource_definitions():
        schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        yield from _defaults_below(kinds[definition["spec"]["names"]["kind"]], schema)


def _defaults_below(struct: Struct, schema: JsonObject) -> Iterator[tuple[tuple[Struct, str], Any]]:
    for field in msgspec.structs.fields(struct):
        below = schema["properties"][field.encode_name]
        if "default" in below:
            yield (struct, field.encode_name), below["default"]
        inner = next((part for part in (field.type, *get_args(field.type)) if is_struct(part)), None)
        if inner is not None and "properties" in below:
            yield from _defaults_below(inner, below)


def _machine_errors(value: JsonObject) -> tuple[FieldError, ...]:
    return decode_machine_spec({"flavor": "f", "image": "i", **value}, "value").errors


def _cluster_errors(value: JsonObject) -> tuple[FieldError, ...]:
    return decode_cluster_spec(value, "value").errors


def _refusals(struct: Struct, check: Callable[[JsonObject], tuple[FieldError, ...]]) -> Refusals:
    """Ask the provider itself, field by field, with a value that asks for something."""
    found: dict[str, str] = {}
    for field in msgspec.structs.fields(struct):
        value: Any = sample_value(field.type)  # Any: JSON of any shape
        for error in check({field.encode_name: value}):
            if error.type == "FieldValueForbidden" and error.path == f"value.{field.encode_name}":
                found[field.encode_name] = error.detail
    return found
