"""Write a status only where it differs from what is stored."""

from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.patches import diff_merge_patch
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Writer
from kubecapy.local.workloads.kinds import key_of


async def write_status(writer: Writer, resource: Resource[JsonObject], obj: JsonObject, status: JsonObject) -> None:
    """Make the fields of `status` those of the stored object; nothing is sent where they are already."""
    before = obj.get("status") or {}
    wanted = {**before, **status}
    patch = diff_merge_patch({"status": before}, {"status": wanted})
    if not patch:
        return
    try:
        await writer.patch(resource, key_of(obj), patch, subresource="status")
    except NotFound:
        # It was deleted in the meantime; nobody is left to tell.
        return
