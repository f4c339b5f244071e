"""Answer the actions of built-in kinds that are part of the core: binding pods."""

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, Status, conflict
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.responses import to_wire, value_response
from kubecapy.apiserver.endpoints.write import WriteEndpoint, read_object
from kubecapy.apiserver.operations.identity import check_address
from kubecapy.apiserver.registry.access import read_objects, read_text, section
from kubecapy.apiserver.registry.kinds import ServedKind

_BINDING = ServedKind(group="", version="v1", kind="Binding", plural="bindings", singular="binding", is_virtual=True)


async def bind_pod(call: Call, write: WriteEndpoint) -> web.Response:
    """Bind a pod to the node that the Binding in the body names (pkg/registry/core/pod/storage of Kubernetes).

    Raises:
        BadRequest: the body is no Binding of this pod, or names no node.
        Conflict: the pod has a node already, or is not the one that the Binding means.
    """
    binding = await read_object(msgspec.structs.replace(call, kind=_BINDING), "CreateOptions")
    _check(call, binding)

    def bind(pod: JsonObject) -> JsonObject:
        bound = read_text(pod, "spec", "nodeName")
        if bound:
            why = f'pod {call.key.name} is already assigned to node "{bound}"'
            raise conflict("pods/binding", call.key.name, why)
        section(pod, "spec")["nodeName"] = binding["target"]["name"]
        return _with_metadata(pod, binding["metadata"])

    await write.change(call, bind, is_replacement=True)
    now = format_time(call.clock.now())
    await write.change_status(call, lambda pod: _scheduled(pod, now))
    return value_response(to_wire(Status(status="Success", code=201)), status=201)


def _check(call: Call, binding: JsonObject) -> None:
    if binding["metadata"].get("name") != call.key.name:
        raise BadRequest("name in URL does not match name in Binding object")
    check_address(call.kind, call.key, binding)
    kind = read_text(binding, "target", "kind")
    if kind not in ("", "Node"):
        raise BadRequest(f'target.kind: Unsupported value: "{kind}": supported values: "Node", "<empty>"')
    if not read_text(binding, "target", "name"):
        raise BadRequest("target.name: Required value")


def _with_metadata(pod: JsonObject, sent: JsonObject) -> JsonObject:
    """Return `pod`, changed in place, with the labels and annotations of the binding, on its conditions."""
    for name in ("labels", "annotations"):
        if sent.get(name):
            section(pod["metadata"], name).update(sent[name])
    for name in ("uid", "resourceVersion"):
        if sent.get(name):
            pod["metadata"][name] = sent[name]
    return pod


def _scheduled(pod: JsonObject, now: str) -> JsonObject:
    others = [item for item in read_objects(pod, "status", "conditions") if item.get("type") != "PodScheduled"]
    condition = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    section(pod, "status")["conditions"] = [*others, condition]
    return pod
