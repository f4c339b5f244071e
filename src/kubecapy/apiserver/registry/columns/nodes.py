"""Say how nodes look in a table."""

from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_object, read_objects, read_text
from kubecapy.apiserver.registry.columns.general import AGE, NONE, at, wide
from kubecapy.apiserver.registry.kinds import Cell, Column

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE_LABEL = "kubernetes.io/role"
_UNKNOWN = "<unknown>"


def status(obj: JsonObject, _now: datetime) -> str:
    """Return `Ready`, `NotReady` or `Unknown`, with `SchedulingDisabled` behind it on a cordoned node."""
    found = next((item for item in read_objects(obj, "status", "conditions") if item.get("type") == "Ready"), None)
    words = ["Unknown" if found is None else "Ready" if found.get("status") == "True" else "NotReady"]
    if read(obj, "spec", "unschedulable") is True:
        words.append("SchedulingDisabled")
    return ",".join(words)


def roles(obj: JsonObject, _now: datetime) -> str:
    """Return the roles that the node's labels name, sorted."""
    labels = read_object(obj, "metadata", "labels")
    found = {label.removeprefix(_ROLE_PREFIX) for label in labels if label.startswith(_ROLE_PREFIX)} - {""}
    if labels.get(_ROLE_LABEL):
        found.add(str(labels[_ROLE_LABEL]))
    return ",".join(sorted(found)) or NONE


def address(type_: str) -> Cell:
    """Return a cell with the node's first address of a type."""

    def cell(obj: JsonObject, _now: datetime) -> str:
        addresses = read_objects(obj, "status", "addresses")
        return next((str(item.get("address")) for item in addresses if item.get("type") == type_), NONE)

    return cell


def _from_system(name: str) -> Cell:
    return at("status", "nodeInfo", name, absent=_UNKNOWN)


def _kernel(obj: JsonObject, _now: datetime) -> str:
    system = read_object(obj, "status", "nodeInfo")
    version, architecture = read_text(system, "kernelVersion") or _UNKNOWN, read_text(system, "architecture")
    return f"{version} ({architecture})" if architecture else version


COLUMNS = (
    Column("Status", status, "Whether the kubelet reports the node as ready."),
    Column("Roles", roles, "Roles by the node's labels."),
    AGE,
    Column("Version", at("status", "nodeInfo", "kubeletVersion"), "Version of the kubelet."),
    wide("Internal-IP", address("InternalIP")),
    wide("External-IP", address("ExternalIP")),
    wide("OS-Image", _from_system("osImage")),
    wide("Kernel-Version", _kernel),
    wide("Container-Runtime", _from_system("containerRuntimeVersion")),
)
