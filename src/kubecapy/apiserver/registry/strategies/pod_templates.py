"""Complete and check pod specs, whether of pods or of templates.

Sources: pkg/apis/core/v1/defaults.go and pkg/apis/core/validation (ValidatePodSpec) of Kubernetes, v1.36.
"""

from collections.abc import Iterator

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import fill, read_objects, read_text
from kubecapy.apiserver.registry.strategies.errors import not_supported
from kubecapy.apiserver.registry.strategies.pod_containers import default_container, validate_containers
from kubecapy.apiserver.registry.strategies.pod_volumes import default_volume, validate_volumes

DEFAULT_GRACE_SECONDS = 30
_RESTARTS = ("Always", "OnFailure", "Never")
_DNS = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")


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
    for volume in read_objects(spec, "volumes"):
        default_volume(volume)
    for container in (*read_objects(spec, "containers"), *read_objects(spec, "initContainers")):
        default_container(container)


def validate_pod_spec(spec: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the pod spec at `path`, as far as our components need it to be right."""
    yield from validate_volumes(spec, path)
    yield from validate_containers(spec, path)
    for name, choices in (("restartPolicy", _RESTARTS), ("dnsPolicy", _DNS)):
        if (choice := read_text(spec, name)) not in choices:
            yield not_supported(f"{path}.{name}", choice, choices)
