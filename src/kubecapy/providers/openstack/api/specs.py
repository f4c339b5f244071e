"""Read the providerSpec of a Cluster or a Machine, with every error named by its path."""

from collections.abc import Mapping
from typing import Any, Final

from kubecapy.api.cluster.v1alpha1 import ProviderSpec
from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.cluster_rules import cluster_errors
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.decoding import Decoded, decode_fields
from kubecapy.providers.openstack.api.machine_rules import machine_errors
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.secret_reference import CloudReference, SecretReference

VALUE_PATH: Final = "spec.providerSpec.value"


def decode_machine_spec(value: Mapping[str, Any] | None, path: str = VALUE_PATH) -> Decoded[MachineProviderSpec]:
    """Return a machine's providerSpec, or everything that is wrong with it."""
    if value is None:
        return Decoded(None, (_missing(path),))
    decoded = decode_fields(value, MachineProviderSpec, path)
    return decoded if decoded.value is None else _checked(decoded, machine_errors(decoded.value, path))


def decode_cluster_spec(value: Mapping[str, Any] | None, path: str = VALUE_PATH) -> Decoded[ClusterProviderSpec]:
    """Return a cluster's providerSpec, or everything that is wrong with it; an absent one wishes for nothing."""
    decoded = decode_fields(value or {}, ClusterProviderSpec, path)
    return decoded if decoded.value is None else _checked(decoded, cluster_errors(decoded.value, path))


def value_of(spec: ProviderSpec | None) -> Mapping[str, Any] | None:
    """Return the opaque value inside a `providerSpec` field; None where there is none."""
    return None if spec is None else spec.value


def find_credentials(value: Mapping[str, Any] | None) -> CloudReference:
    """Return whose credentials a providerSpec names, whatever else is wrong with it.

    A delete must work with a spec that could no longer be created.
    """
    folded = {str(key).casefold(): item for key, item in (value or {}).items()}
    secret, cloud = folded.get("cloudssecret"), folded.get("cloudname")
    return CloudReference(
        secret=decode_fields(secret, SecretReference, "cloudsSecret").value if secret else None,
        cloud=cloud if isinstance(cloud, str) else "",
    )


def _checked(decoded: Decoded[Any], errors: tuple[FieldError, ...]) -> Decoded[Any]:  # Any: either spec type
    return Decoded(None, errors) if errors else decoded


def _missing(path: str) -> FieldError:
    return FieldError(path, "FieldValueRequired", "the provider's part of the machine is missing")
