"""Describe the Scale that every kind with replicas speaks: never stored, but read and shown as other kinds are."""

import msgspec

from kubecapy.apiserver.registry.columns.general import AGE, at
from kubecapy.apiserver.registry.kinds import Column, ServedKind

_COUNTS = (
    Column("Desired", at("spec", "replicas", absent=0), "Replicas that are wished.", type="integer"),
    Column("Available", at("status", "replicas", absent=0), "Replicas that there are.", type="integer"),
)
BUILT_IN_SCALE = ServedKind(
    group="autoscaling",
    version="v1",
    kind="Scale",
    plural="scales",
    singular="scale",
    columns=(Column("Name", at("metadata", "name"), "Name of the scaled object."), *_COUNTS, AGE),
    names_itself=True,
    is_virtual=True,
)
"""The Scale of a built-in kind."""
CUSTOM_SCALE = msgspec.structs.replace(
    BUILT_IN_SCALE, columns=(*_COUNTS, msgspec.structs.replace(AGE, type="date")), names_itself=False
)
"""The Scale of a custom kind, whose table has columns of other types (apiextensions-apiserver, tableconvertor)."""
