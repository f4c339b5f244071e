"""Careless changes that only a foreign client sees: what our own tests read is right, what a person sees is not."""

from collections.abc import Mapping

import msgspec
from tests.conformance.defects.defect import Defect

from kubecapy.apimachinery.errors import Status
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints import responses
from kubecapy.apiserver.endpoints.rendering import Renderer


def _send_rows_without_labels() -> None:
    """Keep rows of tables small; kubectl takes the labels that it shows and adds as columns from there."""
    whole = Renderer._partial

    def partial(self: Renderer, obj: JsonObject) -> JsonObject:
        shown = whole(self, obj)
        return shown | {"metadata": {name: value for name, value in shown["metadata"].items() if name != "labels"}}

    Renderer._partial = partial  # type: ignore[method-assign]


def _forget_who_was_deleted() -> None:
    """Answer a delete by name alone; a client that waits for the object's end cannot tell it from the next one."""
    whole = responses.to_wire

    def to_wire(status: Status) -> JsonObject:
        details = status.details
        if details is not None and details.uid:
            status = msgspec.structs.replace(status, details=msgspec.structs.replace(details, uid=""))
        return whole(status)

    responses.to_wire = to_wire


CLIENTS: Mapping[str, Defect] = {
    "table rows without labels": Defect(_send_rows_without_labels, "test_kubectl_labels.py"),
    "a delete reply without uid": Defect(_forget_who_was_deleted, "test_python_client.py"),
}
