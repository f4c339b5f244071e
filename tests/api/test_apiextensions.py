"""What kube-apiserver says of a definition."""

from kubecapy.api.apiextensions import CUSTOM_RESOURCE_DEFINITIONS
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.codec import encode
from kubecapy.client.wire import decode_object


def test_the_reply_to_the_creation_of_a_definition_is_read() -> None:
    """A real kube-apiserver 1.36.1 answers with nulls where nothing was found yet."""
    definition = next(iter(custom_resource_definitions()))
    status = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": None}

    found = decode_object(encode({**definition, "status": status}), CUSTOM_RESOURCE_DEFINITIONS)

    assert not found.status.conditions
