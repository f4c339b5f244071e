"""Read a providerSpec, and say what is wrong with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from kubecapy.api.cluster.v1alpha1 import Machine
from kubecapy.apimachinery.fields import FieldError, unknown_field

API_VERSION = "shelf.example/v1"
PATH = "spec.providerSpec.value"
FIELDS: Mapping[str, Sequence[str]] = {
    "Cluster": ("apiVersion", "kind"),
    "Machine": ("apiVersion", "kind", "image"),
}


def errors_in(kind: str, value: Mapping[str, Any] | None, path: str = PATH) -> Sequence[FieldError]:
    """Return what is wrong with a providerSpec of a Cluster or a Machine."""
    value = value or {}
    errors = [unknown_field(path, str(name), FIELDS[kind]) for name in value if name not in FIELDS[kind]]
    if value.get("apiVersion", API_VERSION) != API_VERSION:
        errors.append(FieldError(f"{path}.apiVersion", "FieldValueInvalid", f"must be {API_VERSION}"))
    if kind == "Machine" and not isinstance(value.get("image"), str):
        errors.append(FieldError(f"{path}.image", "FieldValueRequired", "must be the name of an image"))
    return errors


def image_of(machine: Machine) -> str:
    """Return the image that a Machine names, once nothing is wrong with its spec."""
    return str((machine.spec.provider_spec.value or {}).get("image", ""))
