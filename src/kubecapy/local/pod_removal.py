"""Make the API forget a pod at once, without waiting for a kubelet to end it."""

from kubecapy.api.core import PODS
from kubecapy.apimachinery.errors import Conflict, NotFound
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.client.interfaces import Client


async def remove_pod(client: Client, pod: JsonObject) -> None:
    """Remove `pod` from the API; nothing happens where it is gone, or another of its name took its place.

    Raises:
        StatusError: the API refused.
        Unreachable: the API gave no answer.
    """
    metadata = pod["metadata"]
    body = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": metadata["uid"]},
    }
    try:
        await client.request("DELETE", PODS.path(metadata["namespace"], metadata["name"]), body=body)
    except (NotFound, Conflict):
        return
