"""Choose the form of a reply from the Accept header.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from kubecapy.apimachinery.errors import NotAcceptable

Shape = Literal["object", "table", "metadata"]

_SHAPES: dict[str, Shape] = {
    "": "object",
    "Table": "table",
    "PartialObjectMetadata": "metadata",
    "PartialObjectMetadataList": "metadata",
}
_JSON_RANGES = ("application/json", "application/*", "*/*")


class MediaRange(msgspec.Struct, frozen=True):
    """One entry of an Accept header."""

    type: str
    parameters: dict[str, str]


def parse_accept(header: str) -> Iterator[MediaRange]:
    """Yield the entries of `header` in its order, which clients of Kubernetes use as their preference."""
    for entry in header.split(","):
        type_, *parameters = entry.split(";")
        pairs = (parameter.partition("=") for parameter in parameters)
        if type_.strip():
            yield MediaRange(
                type_.strip().lower(), {name.strip(): value.strip().strip('"') for name, _, value in pairs}
            )


def choose_shape(header: str | None) -> Shape:
    """Return the shape that `header` asks for first among those that are served; the object itself without one.

    Raises:
        NotAcceptable: nothing that is asked for is served.
    """
    if not header or header in ("*/*", "application/json"):
        return "object"
    for accepted in parse_accept(header):
        shape = _SHAPES.get(accepted.parameters.get("as", ""))
        if accepted.type in _JSON_RANGES and shape is not None and _is_meta_version(accepted):
            return shape
    raise NotAcceptable("only the following media types are accepted: application/json")


def _is_meta_version(accepted: MediaRange) -> bool:
    """Return whether the version of Table or PartialObjectMetadata that is asked for is served."""
    return accepted.parameters.get("v", "v1") == "v1" and accepted.parameters.get("g", "meta.k8s.io") == "meta.k8s.io"
