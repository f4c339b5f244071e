"""Encode the OpenAPI v2 document: only the server's name, for schemas are told by OpenAPI v3.

kubectl asks for it before it applies a `kind: List`, as `kubectl get -o yaml` prints one, and gives up without an
answer. Kinds that the document does not hold it leaves to the server, which validates every object anyway.

Source: the messages Document and Info of https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto.
"""

from typing import Final

from kubecapy.apiserver.published import Document, publish

ACCEPTED_TYPE: Final = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
"""How kubectl asks for protobuf."""
PROTOBUF_TYPE: Final = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
"""How an answer names it: Go refuses to parse a media type with an `@` in a header of an answer."""

_SWAGGER, _INFO, _TITLE, _VERSION = 1, 2, 1, 2
_TITLE_TEXT: Final = "Kubernetes"
_MAX_VERSION_BYTES: Final = 64


def document_in_json(version: str) -> Document:
    """Return the document of the server `version` as JSON."""
    info = {"title": _TITLE_TEXT, "version": version}
    return publish({"swagger": "2.0", "info": info, "paths": {}, "definitions": {}})


def document_in_protobuf(version: str) -> Document:
    """Return the document of the server `version` as protobuf; its hash is that of the JSON, as in kube-apiserver."""
    info = _field(_TITLE, _TITLE_TEXT.encode()) + _field(_VERSION, version.encode()[:_MAX_VERSION_BYTES])
    return Document(_field(_SWAGGER, b"2.0") + _field(_INFO, info), document_in_json(version).hash)


def _field(number: int, content: bytes) -> bytes:
    # Limit: lengths below 128 take one byte; every content here is shorter.
    return bytes((number << 3 | 2, len(content))) + content
