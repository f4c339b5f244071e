"""Complete and check pod specs, whether of pods or of templates.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ (defaults).
"""

from typing import Any

from kubecapy.api.core.pods import PodSpec
from kubecapy.apimachinery.codec import DecodeError, convert
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import name_errors
from kubecapy.apiserver.registry.access import fill, read_list, read_objects, read_text
from kubecapy.apiserver.registry.strategies.errors import invalid, required
from kubecapy.apiserver.registry.strategies.pod_volumes import validate_volumes

DEFAULT_GRACE_SECONDS = 30


def default_pod_spec(spec: JsonObject) -> None:
    """Fill the absent fields of a pod spec in place."""
    fill(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=DEFAULT_GRACE_SECONDS,
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        securityContext={},
    )
    for container in (*read_objects(spec, "containers"), *read_objects(spec, "initContainers")):
        _default_container(container)


def validate_pod_spec(spec: JsonObject, path: str) -> list[FieldError]:
    """Return what is wrong with the pod spec at `path`.

    Its fields have the types of the API, its containers each a name and an image, and its volumes keep their files.
    """
    if not read_list(spec, "containers"):
        return [required(f"{path}.containers")]
    try:
        # Kubelets and controllers read pods without looking twice: one of a wrong shape would end them.
        convert(_without_nulls(spec), PodSpec)
    except DecodeError as error:
        return [FieldError(f"{path}.{error.path}", "FieldValueTypeInvalid", f"Invalid value: {error.message}")]
    errors = validate_volumes(spec, path)
    seen: set[str] = set()
    for index, container in enumerate(read_objects(spec, "containers")):
        errors += _validate_container(container, f"{path}.containers[{index}]", seen)
    return errors


def _without_nulls(value: Any) -> Any:  # Any: a JSON value
    """Return `value` without what is null, which on the wire means absent."""
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _default_container(container: JsonObject) -> None:
    _, _, tag = str(container.get("image", "")).rpartition("/")[2].partition(":")
    fill(
        container,
        imagePullPolicy="Always" if tag in ("", "latest") else "IfNotPresent",
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    for port in read_objects(container, "ports"):
        fill(port, protocol="TCP")


def _validate_container(container: JsonObject, path: str, seen: set[str]) -> list[FieldError]:
    name = read_text(container, "name")
    errors = [] if read_text(container, "image") else [required(f"{path}.image")]
    if not name:
        return [*errors, required(f"{path}.name")]
    if name in seen:
        errors.append(FieldError(f"{path}.name", "FieldValueDuplicate", f'Duplicate value: "{name}"'))
    seen.add(name)
    return [*errors, *(invalid(f"{path}.name", name, wrong) for wrong in name_errors(name, "label"))]
