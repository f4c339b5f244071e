"""Check Clusters and Machines offline: by the rules of their CRDs, then by those of the provider."""

from collections.abc import Callable, Sequence
from typing import Literal

from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.schema import compile_schema
from kubecapy.clusterctl.errors import ClusterctlError

Kind = Literal["Cluster", "Machine"]
CheckProviderSpec = Callable[[Kind, JsonObject, str], Sequence[FieldError]]
"""Returns what is wrong with a providerSpec value of a kind, with paths below the given one."""

PROVIDER_SPEC_PATH = "spec.providerSpec.value"


class Validator:
    """Finds wrong fields in the manifests of Clusters and Machines."""

    def __init__(self, check_provider_spec: CheckProviderSpec) -> None:
        """Compile the rules of the CRDs; `check_provider_spec` knows those of the provider."""
        self._check_provider_spec = check_provider_spec
        self._schemas = {
            crd["spec"]["names"]["kind"]: compile_schema(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
            for crd in custom_resource_definitions()
        }

    def check(self, manifest: Manifest) -> list[str]:
        """Return one sentence, with file and line, for each wrong field of a Cluster or Machine."""
        kind: Kind = "Cluster" if manifest.object["kind"] == "Cluster" else "Machine"
        schema = self._schemas[kind]
        pruned, unknown = schema.prune(manifest.object)
        errors = [f'{path}: unknown field "{path}"' for path in unknown]
        errors += [str(error) for error in schema.validate(schema.default(pruned))]
        if not errors:
            errors += [str(error) for error in self._check_provider(kind, manifest.object)]
        return [f"{manifest}: {error}" for error in errors]

    def _check_provider(self, kind: Kind, obj: JsonObject) -> Sequence[FieldError]:
        value = (obj["spec"].get("providerSpec") or {}).get("value")
        return self._check_provider_spec(kind, value, PROVIDER_SPEC_PATH) if value is not None else ()


def refuse_wrong_fields(manifests: Sequence[Manifest], validator: Validator) -> None:
    """Check every manifest.

    Raises:
        ClusterctlError: a field is wrong; the message lists all of them, a line each.
    """
    errors = [error for manifest in manifests for error in validator.check(manifest)]
    if errors:
        raise ClusterctlError("\n".join(errors))
