"""Check the apiVersion and kind that a providerSpec carries.

The original never looked at them, and the article writes the machine's kind into the cluster as well; both are taken.
"""

from typing import Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.shared_rules import unsupported

API_VERSION: Final = "openstackproviderconfig/v1alpha1"
"""The spelling of the article and of every template of the time."""
REGISTERED_API_VERSION: Final = "openstackproviderconfig.k8s.io/v1alpha1"
"""The group under which the original registered its kinds."""
MACHINE_KIND: Final = "OpenstackProviderSpec"
CLUSTER_KIND: Final = "OpenstackClusterProviderSpec"

_API_VERSIONS: Final = ("", API_VERSION, REGISTERED_API_VERSION)


def header_errors(api_version: str, kind: str, kinds: tuple[str, ...], path: str) -> list[FieldError]:
    """Return what is wrong with the two fields; both may be absent."""
    errors = []
    if api_version not in _API_VERSIONS:
        errors.append(unsupported(f"{path}.apiVersion", api_version, _API_VERSIONS[1:]))
    if kind not in ("", *kinds):
        errors.append(unsupported(f"{path}.kind", kind, kinds))
    return errors
