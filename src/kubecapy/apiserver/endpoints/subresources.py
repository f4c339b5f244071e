"""Answer the actions of built-in kinds that are part of the core: binding pods and finalizing namespaces."""

from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, Status, conflict
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.endpoints.bodies import read_body
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.parameters import refuse_dry_run
from kubecapy.apiserver.endpoints.responses import value_response
from kubecapy.apiserver.endpoints.write import WriteEndpoint
from kubecapy.apiserver.registry.access import read_objects, read_text, section

_BINDING = GroupVersionKind("", "v1", "Binding")


async def bind_pod(call: Call, write: WriteEndpoint) -> web.Response:
    """Bind a pod to the node that the Binding in the body names.

    Raises:
        Conflict: the pod has a node already.
    """
    refuse_dry_run(call.request.query)
    node = read_text((await read_body(call.request, _BINDING)).value, "target", "name")
    if not node:
        raise BadRequest("target.name: Required value: the name of a node")

    def bind(pod: JsonObject) -> JsonObject:
        bound = read_text(pod, "spec", "nodeName")
        if bound:
            raise conflict("pods/binding", call.key.name, f"pod {call.key.name} is already assigned to node {bound}")
        section(pod, "spec")["nodeName"] = node
        return pod

    await write.change(call, bind)
    now = format_time(call.clock.now())
    await write.change_status(call, lambda pod: _scheduled(pod, now))
    return value_response(Status(status="Success", code=201), status=201)


def _scheduled(pod: JsonObject, now: str) -> JsonObject:
    others = [item for item in read_objects(pod, "status", "conditions") if item.get("type") != "PodScheduled"]
    condition = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now}
    section(pod, "status")["conditions"] = [*others, condition]
    return pod
