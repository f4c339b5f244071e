"""Say how the smaller kinds of the core group look in a table."""

from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_count, read_list, read_object, read_objects, read_text
from kubecapy.apiserver.registry.ages import format_age
from kubecapy.apiserver.registry.columns.general import AGE, NONE, at, format_labels, wide
from kubecapy.apiserver.registry.kinds import Column


def _entries(*sections: str) -> Column:
    def count(obj: JsonObject, _now: datetime) -> int:
        return sum(len(read_object(obj, section)) for section in sections)

    return Column("Data", count, "Number of entries.")


def _ports(obj: JsonObject, _now: datetime) -> str:
    return ",".join(_port(port) for port in read_objects(obj, "spec", "ports")) or NONE


def _port(port: JsonObject) -> str:
    outside = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{outside}/{port.get('protocol', 'TCP')}"


def _endpoints(obj: JsonObject, _now: datetime) -> str:
    found = [
        f"{address.get('ip')}:{port.get('port')}"
        for subset in read_objects(obj, "subsets")
        for port in read_objects(subset, "ports")
        for address in read_objects(subset, "addresses")
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return (",".join(found[:3]) + more) or NONE


def _external(obj: JsonObject, _now: datetime) -> str:
    outside = [str(address) for address in read_list(obj, "spec", "externalIPs")]
    match read_text(obj, "spec", "type"):
        case "ExternalName":
            return read_text(obj, "spec", "externalName") or NONE
        case "LoadBalancer":
            given = read_objects(obj, "status", "loadBalancer", "ingress")
            found = {str(item.get("ip") or item.get("hostname") or "") for item in given} - {""}
            return ",".join(sorted(found.union(outside))) or "<pending>"
        case _:
            return ",".join(outside) or NONE


def _first_seen(obj: JsonObject, now: datetime) -> str:
    return format_age(obj.get("firstTimestamp") or obj.get("eventTime"), now)


def _last_seen(obj: JsonObject, now: datetime) -> str:
    seen = read(obj, "series", "lastObservedTime") or obj.get("lastTimestamp")
    return format_age(seen, now) if seen else _first_seen(obj, now)


def _times_seen(obj: JsonObject, _now: datetime) -> int:
    if isinstance(obj.get("series"), dict):
        return read_count(obj, "series", "count")
    return read_count(obj, "count") or 1


def _involved(obj: JsonObject, _now: datetime) -> str:
    kind, name = read_text(obj, "involvedObject", "kind").lower(), read_text(obj, "involvedObject", "name")
    return f"{kind}/{name}" if name else kind


def _source(obj: JsonObject, _now: datetime) -> str:
    source = read_object(obj, "source")
    component = read_text(source, "component") or read_text(obj, "reportingComponent")
    instance = read_text(source, "host") or read_text(obj, "reportingInstance")
    return f"{component}, {instance}" if instance else component


NAMESPACES = (Column("Status", at("status", "phase"), "Active or Terminating."), AGE)
SECRETS = (Column("Type", at("type"), "How the data is to be read."), _entries("data"), AGE)
CONFIG_MAPS = (_entries("data", "binaryData"), AGE)
SERVICE_ACCOUNTS = (AGE,)
SERVICES = (
    Column("Type", at("spec", "type"), "How the service is reached."),
    Column("Cluster-IP", at("spec", "clusterIP", absent=NONE), "Address inside the cluster."),
    Column("External-IP", _external, "Address outside of it."),
    Column("Port(s)", _ports, "Ports and protocols."),
    AGE,
    wide("Selector", lambda obj, _now: format_labels(read(obj, "spec", "selector"))),
)
ENDPOINTS = (Column("Endpoints", _endpoints, "Addresses and ports."), AGE)
EVENTS = (
    Column("Last Seen", _last_seen, "Time since it was last seen."),
    Column("Type", at("type"), "Normal or Warning."),
    Column("Reason", at("reason"), "Why it happened, in one word."),
    Column("Object", _involved, "What it is about."),
    wide("Subobject", at("involvedObject", "fieldPath")),
    wide("Source", _source),
    Column("Message", lambda obj, _now: read_text(obj, "message").strip(), "What happened."),
    wide("First Seen", _first_seen),
    wide("Count", _times_seen),
    Column("Name", at("metadata", "name"), "Name of the Event itself.", format="name", priority=1),
)
