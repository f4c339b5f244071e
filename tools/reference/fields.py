"""Describe the fields of Cluster and Machine, and of the OpenStack provider's part in them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject, ObjectMeta
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.specs import decode_cluster_spec, decode_machine_spec
from kubecapy.providers.openstack.api.status import MachineProviderStatus
from reference.markdown import code, page, table
from reference.structs import Field, Struct, fields_of, first_line, sample_value, structs_below

EXPLAINED_ELSEWHERE: frozenset[Struct] = frozenset({ObjectMeta})
"""Structs that Kubernetes itself documents."""
KINDS = """
What a person writes, and what the controllers write back. `metadata` is that of every Kubernetes object.
"""
PROVIDER = """
The `value` is checked by the provider before anything is made. Keys are matched without regard to letter case. An
unknown field is refused with the nearest known name. A field that asks for something this provider does not do is
refused by name and never ignored; the table says so.
"""

Refusals = Mapping[str, str]
"""What the provider says against a field that it does not act on, by the field's name."""


def fields_page() -> str:
    """Return the page of all fields."""
    tables = Tables()
    return page(
        "Fields",
        KINDS,
        "## cluster.k8s.io/v1alpha1",
        *tables.below(Cluster),
        *tables.below(Machine),
        "## OpenStack: spec.providerSpec.value",
        PROVIDER,
        *tables.below(MachineProviderSpec, _refusals(MachineProviderSpec, _machine_errors)),
        *tables.below(ClusterProviderSpec, _refusals(ClusterProviderSpec, _cluster_errors)),
        "## OpenStack: status.providerStatus of a Machine",
        *tables.below(MachineProviderStatus),
    )


class Tables:
    """Makes one table for each Struct, however many fields hold it."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._shown: set[Struct] = set()

    def below(self, root: Struct, refusals: Refusals | None = None) -> Iterator[str]:
        """Yield heading, first line and table of `root` and of what it holds; `refusals` are about its own fields."""
        for struct in (root, *structs_below(root, leaves=EXPLAINED_ELSEWHERE)):
            if struct not in self._shown:
                self._shown.add(struct)
                yield from _table(struct, (refusals or {}) if struct is root else {})


def _table(struct: Struct, refusals: Refusals) -> Iterator[str]:
    yield f"### {struct.__name__}"
    yield first_line(struct)
    yield table(("field", "type", "meaning"), (_row(field, refusals) for field in fields_of(struct)))


def _row(field: Field, refusals: Refusals) -> tuple[str, str, str]:
    meaning = f"Required. {field.meaning}" if field.required else field.meaning
    if field.name in refusals:
        meaning = f"{meaning} **Refused**: {refusals[field.name]}."
    return code(field.name), field.type, meaning.strip()


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
