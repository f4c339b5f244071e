"""Complete and check pod specs, whether of pods or of templates.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ (defaults).
"""

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import validate_name
from kubecapy.apiserver.registry.access import fill, read_list, read_objects, read_text
from kubecapy.apiserver.registry.strategies.errors import invalid, required

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
    """Return what is wrong with the pod spec at `path`: it needs containers, each with a name and an image."""
    if not read_list(spec, "containers"):
        return [required(f"{path}.containers")]
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, container in enumerate(read_objects(spec, "containers")):
        errors += _validate_container(container, f"{path}.containers[{index}]", seen)
    return errors


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
    wrong = validate_name(name, "label")
    return [*errors, invalid(f"{path}.name", name, wrong)] if wrong else errors
