"""Check the metadata of objects that are embedded in custom resources, as that of stored ones is checked."""

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.operations.metadata import validate_metadata_by


def check_metadata(metadata: JsonObject) -> list[FieldError]:
    """Return what is wrong with `metadata`; paths begin with `metadata`."""
    return validate_metadata_by("path-segment", metadata)
