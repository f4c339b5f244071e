"""Hold a CustomResourceDefinition as typed values.

Source: apiextensions.k8s.io/v1,
https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from kubecapy.apimachinery.go_types import read_as
from kubecapy.apimachinery.json_codec import decode
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apimachinery.schema.props import JSONSchemaProps

ESTABLISHED = "Established"
NAMES_ACCEPTED = "NamesAccepted"
TERMINATING = "Terminating"
CONFORMANT = "KubernetesAPIApprovalPolicyConformant"
_GO_TYPE = "apiextensions/v1.CustomResourceDefinition"


class Names(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a kind is called."""

    plural: str = msgspec.field(default_factory=str)
    singular: str = ""
    short_names: tuple[str, ...] = ()
    kind: str = msgspec.field(default_factory=str)
    list_kind: str = ""
    categories: tuple[str, ...] = ()


class Column(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One column that a table of objects shows."""

    name: str = ""
    type: str = ""
    format: str = ""
    description: str = ""
    priority: int = 0
    json_path: str = ""


class SelectableField(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One field that field selectors may name."""

    json_path: str = ""


class ScalePaths(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where objects keep what `scale` shows."""

    spec_replicas_path: str = ""
    status_replicas_path: str = ""
    label_selector_path: str | None = None


class Subresources(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What can be reached below an object."""

    status: Mapping[str, Any] | None = None
    """An empty object where there is a status, None where there is none."""
    scale: ScalePaths | None = None


class Validation(Value, frozen=True, kw_only=True, rename={"openapi": "openAPIV3Schema"}, omit_defaults=True):
    """Holds the schema of one version."""

    openapi: JSONSchemaProps | None = None


class Version(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One version of a kind."""

    name: str = ""
    served: bool = False
    storage: bool = False
    deprecated: bool = False
    deprecation_warning: str | None = None
    schema: Validation | None = None
    subresources: Subresources | None = None
    additional_printer_columns: tuple[Column, ...] = ()
    selectable_fields: tuple[SelectableField, ...] = ()

    @property
    def openapi(self) -> JSONSchemaProps | None:
        """The schema of the version, where it has one."""
        return self.schema.openapi if self.schema is not None else None

    @property
    def has_status(self) -> bool:
        """Whether the status of objects is written apart from all else."""
        return self.subresources is not None and self.subresources.status is not None

    @property
    def scale(self) -> ScalePaths | None:
        """Where objects keep what `scale` shows; None where they cannot be scaled."""
        return self.subresources.scale if self.subresources is not None else None


class ServiceReference(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A Service that converts."""

    namespace: str = ""
    name: str = ""
    path: str | None = None
    port: int | None = None


class WebhookClientConfig(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How a webhook that converts is reached."""

    url: str | None = None
    service: ServiceReference | None = None
    ca_bundle: str | None = msgspec.field(name="caBundle", default=None)


class Webhook(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A webhook that converts objects between versions."""

    client_config: WebhookClientConfig | None = None
    conversion_review_versions: tuple[str, ...] | None = None


class Conversion(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How objects become those of another version."""

    strategy: str = ""
    webhook: Webhook | None = None


class Spec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The wish: one kind in some versions."""

    group: str = ""
    names: Names = Names()
    scope: str = ""
    versions: tuple[Version, ...] | None = None
    conversion: Conversion | None = None
    preserve_unknown_fields: bool = False

    @property
    def all_versions(self) -> Sequence[Version]:
        """The versions, none where they are absent."""
        return self.versions or ()

    @property
    def storage_version(self) -> str:
        """Name of the first version that is marked as the one to store; empty where none is."""
        return next((version.name for version in self.all_versions if version.storage), "")


class Condition(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One finding about a definition."""

    type: str = ""
    status: str = ""
    last_transition_time: str | None = None
    reason: str = ""
    message: str = ""


class Status(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found, and what is served."""

    conditions: tuple[Condition, ...] | None = None
    accepted_names: Names = Names()
    stored_versions: tuple[str, ...] | None = None


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One definition, metadata aside."""

    name: str
    annotations: Mapping[str, str]
    spec: Spec
    status: Status
    is_terminating: bool

    def has_condition(self, type_: str) -> bool:
        """Return whether the condition `type_` is True."""
        return any(found.type == type_ and found.status == "True" for found in self.status.conditions or ())

    def find_condition(self, type_: str) -> Condition | None:
        """Return the condition `type_`; None where there is none."""
        return next((found for found in self.status.conditions or () if found.type == type_), None)


def read_definition(obj: JsonObject) -> Definition:
    """Return the definition that a decoded object is.

    Raises:
        WrongType: a field has another type; the message is Go's.
    """
    read = read_as(obj, _GO_TYPE).value
    metadata = read["metadata"]
    return Definition(
        name=metadata.get("name", ""),
        annotations=metadata.get("annotations", {}),
        spec=msgspec.convert(read["spec"], Spec),
        status=msgspec.convert(read["status"], Status),
        is_terminating="deletionTimestamp" in metadata,
    )


@lru_cache(maxsize=256)
def stored_definition(data: bytes) -> Definition:
    """Return the definition that `data`, as the store keeps it, holds; all who follow the store share one."""
    return read_definition(decode(data, dict))
