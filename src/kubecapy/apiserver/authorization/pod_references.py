"""Find what a pod uses of its namespace: Secrets, ConfigMaps, a service account.

A pod is read as its author wrote it: what has another shape than the API says names nothing.
Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/.
"""

from collections.abc import Iterator

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read_objects, read_text


def references_of(pod: JsonObject) -> frozenset[tuple[str, str]]:
    """Return plural and name of the Secrets and ConfigMaps that `pod` names: volumes, environment, image pulls."""
    return frozenset((plural, name) for plural, name in _named(pod) if name)


def uses_service_account(pod: JsonObject) -> bool:
    """Return whether `pod` acts as a service account, or is given the token of one."""
    sources = [source for volume in read_objects(pod, "spec", "volumes") for source in _sources(volume)]
    named = read_text(pod, "spec", "serviceAccountName") or read_text(pod, "spec", "serviceAccount")
    return bool(named) or any("serviceAccountToken" in source for source in sources)


def _named(pod: JsonObject) -> Iterator[tuple[str, str]]:
    for secret in read_objects(pod, "spec", "imagePullSecrets"):
        yield "secrets", read_text(secret, "name")
    for volume in read_objects(pod, "spec", "volumes"):
        yield "secrets", read_text(volume, "secret", "secretName")
        yield "configmaps", read_text(volume, "configMap", "name")
        for source in _sources(volume):
            yield "secrets", read_text(source, "secret", "name")
            yield "configmaps", read_text(source, "configMap", "name")
    for kind in ("initContainers", "containers"):
        for container in read_objects(pod, "spec", kind):
            yield from _named_in_environment(container)


def _named_in_environment(container: JsonObject) -> Iterator[tuple[str, str]]:
    for source in read_objects(container, "envFrom"):
        yield "secrets", read_text(source, "secretRef", "name")
        yield "configmaps", read_text(source, "configMapRef", "name")
    for variable in read_objects(container, "env"):
        yield "secrets", read_text(variable, "valueFrom", "secretKeyRef", "name")
        yield "configmaps", read_text(variable, "valueFrom", "configMapKeyRef", "name")


def _sources(volume: JsonObject) -> list[JsonObject]:
    return read_objects(volume, "projected", "sources")
