"""Complete and check the volumes of pod specs: their names are their own, and files stay below their volume.

Source: pkg/apis/core/validation (ValidateVolumes, validateLocalNonReservedPath) of Kubernetes, v1.36.
"""

from collections.abc import Iterator

from kubecapy.apimachinery.field_errors import duplicate
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import name_errors
from kubecapy.apiserver.registry.access import read_objects, read_text
from kubecapy.apiserver.registry.strategies.errors import invalid, required
from kubecapy.apiserver.registry.strategies.pod_containers import path_errors

_KEYED = ("secret", "configMap", "downwardAPI")


def default_volume(volume: JsonObject) -> None:
    """Fill what a volume of a pod spec leaves open, in place: without a source, it is an empty folder."""
    if volume.keys() <= {"name"}:
        volume["emptyDir"] = {}


def validate_volumes(spec: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the volumes of the pod spec at `path`."""
    seen: set[str] = set()
    for index, volume in enumerate(read_objects(spec, "volumes")):
        place = f"{path}.volumes[{index}]"
        yield from _source_errors(volume, place)
        name = read_text(volume, "name")
        if not name:
            yield required(f"{place}.name")
            continue
        wrongs = name_errors(name, "label")
        yield from (invalid(f"{place}.name", name, wrong) for wrong in wrongs)
        if name in seen:
            yield duplicate(f"{place}.name", name)
        if not wrongs:
            seen.add(name)


def _source_errors(volume: JsonObject, path: str) -> Iterator[FieldError]:
    yield from _item_errors(volume, path)
    for index, source in enumerate(read_objects(volume, "projected", "sources")):
        at = f"{path}.projected.sources[{index}]"
        yield from _item_errors(source, at)
        if "serviceAccountToken" in source:
            yield from path_errors(source["serviceAccountToken"], "path", f"{at}.serviceAccountToken")


def _item_errors(source: JsonObject, path: str) -> Iterator[FieldError]:
    for kind in _KEYED:
        for index, item in enumerate(read_objects(source, kind, "items")):
            yield from path_errors(item, "path", f"{path}.{kind}.items[{index}]")
