"""Check the volumes of pod specs: files stay below their volume, and what is mounted is there.

Source: k8s.io/kubernetes/pkg/apis/core/validation: validateVolumes, validateLocalNonReservedPath (v1.32).
"""

from collections.abc import Iterator

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import name_errors
from kubecapy.apiserver.registry.access import read_objects, read_text
from kubecapy.apiserver.registry.strategies.errors import invalid, required

_KEYED = ("secret", "configMap", "downwardAPI")


def validate_volumes(spec: JsonObject, path: str) -> list[FieldError]:
    """Return what is wrong with the volumes of the pod spec at `path`, and with their mounts."""
    errors: list[FieldError] = []
    for index, volume in enumerate(read_objects(spec, "volumes")):
        errors += _volume_errors(volume, f"{path}.volumes[{index}]")
    for index, container in enumerate(read_objects(spec, "containers")):
        for number, mount in enumerate(read_objects(container, "volumeMounts")):
            errors += _path_errors(mount, "subPath", f"{path}.containers[{index}].volumeMounts[{number}]")
    return errors


def _volume_errors(volume: JsonObject, path: str) -> Iterator[FieldError]:
    name = read_text(volume, "name")
    if not name:
        yield required(f"{path}.name")
    for wrong in name_errors(name, "label") if name else ():
        yield invalid(f"{path}.name", name, wrong)
    yield from _item_errors(volume, path)
    for index, source in enumerate(read_objects(volume, "projected", "sources")):
        at = f"{path}.projected.sources[{index}]"
        yield from _item_errors(source, at)
        if "serviceAccountToken" in source:
            yield from _path_errors(source["serviceAccountToken"], "path", f"{at}.serviceAccountToken")


def _item_errors(source: JsonObject, path: str) -> Iterator[FieldError]:
    for kind in _KEYED:
        for index, item in enumerate(read_objects(source, kind, "items")):
            yield from _path_errors(item, "path", f"{path}.{kind}.items[{index}]")


def _path_errors(holder: JsonObject, name: str, path: str) -> Iterator[FieldError]:
    """Yield why the path in `holder` leads out of the folder that it is relative to."""
    text = read_text(holder, name)
    if text.startswith("/"):
        yield invalid(f"{path}.{name}", text, "must be a relative path")
    if ".." in text.split("/"):
        yield invalid(f"{path}.{name}", text, "must not contain '..'")
