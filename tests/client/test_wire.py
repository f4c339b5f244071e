"""Lines of a watch, read one by one."""

import pytest

from kubecapy.api.core import CONFIG_MAPS
from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.errors import Gone
from kubecapy.apimachinery.meta import ObjectMeta, Value
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Delta
from kubecapy.client.wire import decode_delta

made: list[str] = []


class Counted(Value, frozen=True):
    """An object that tells when it is made."""

    metadata: ObjectMeta

    def __post_init__(self) -> None:
        made.append(self.metadata.name)


COUNTED = Resource("example.com", "v1", "Counted", "counteds", Counted)


def line(type_: str, obj: object) -> bytes:
    return encode({"type": type_, "object": obj})


@pytest.mark.parametrize("type_", ["ADDED", "MODIFIED", "DELETED"])
def test_the_object_of_a_change_is_decoded_once(type_: str) -> None:
    made.clear()

    delta = decode_delta(line(type_, {"metadata": {"name": "a", "resourceVersion": "7"}}), COUNTED)

    assert made == ["a"]
    assert delta == Delta(type_, Counted(metadata=ObjectMeta(name="a", resource_version="7")), "7")


def test_a_bookmark_is_no_object_even_of_a_kind_that_needs_no_field() -> None:
    bookmark = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}}

    assert decode_delta(line("BOOKMARK", bookmark), CONFIG_MAPS) == Delta("BOOKMARK", None, "9")


def test_an_error_is_no_object_even_of_a_kind_that_needs_no_field() -> None:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "reason": "Expired",
        "code": 410,
    }

    with pytest.raises(Gone):
        decode_delta(line("ERROR", status), CONFIG_MAPS)
