"""Say how workloads look in a table."""

from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_count
from kubecapy.apiserver.registry.columns.general import (
    AGE,
    at,
    container_images,
    container_names,
    format_labels,
    format_selector,
    wide,
)
from kubecapy.apiserver.registry.kinds import Column

_POD = ("spec", "template", "spec")


def _ready(obj: JsonObject, _now: datetime) -> str:
    return f"{read_count(obj, 'status', 'readyReplicas')}/{read_count(obj, 'spec', 'replicas')}"


def _count(name: str, *path: str) -> Column:
    return Column(name, at(*path, absent=0), type="integer")


_CONTAINERS = (wide("Containers", container_names(*_POD)), wide("Images", container_images(*_POD)))
_SELECTOR = wide("Selector", lambda obj, _now: format_selector(read(obj, "spec", "selector")))

DEPLOYMENTS = (
    Column("Ready", _ready, "Ready pods of wished pods."),
    Column("Up-to-date", at("status", "updatedReplicas", absent=0)),
    Column("Available", at("status", "availableReplicas", absent=0)),
    AGE,
    *_CONTAINERS,
    _SELECTOR,
)
STATEFUL_SETS = (Column("Ready", _ready, "Ready pods of wished pods."), AGE, *_CONTAINERS)
REPLICA_SETS = (
    _count("Desired", "spec", "replicas"),
    _count("Current", "status", "replicas"),
    _count("Ready", "status", "readyReplicas"),
    AGE,
    *_CONTAINERS,
    _SELECTOR,
)
DAEMON_SETS = (
    _count("Desired", "status", "desiredNumberScheduled"),
    _count("Current", "status", "currentNumberScheduled"),
    _count("Ready", "status", "numberReady"),
    _count("Up-to-date", "status", "updatedNumberScheduled"),
    _count("Available", "status", "numberAvailable"),
    Column("Node Selector", lambda obj, _now: format_labels(read(obj, *_POD, "nodeSelector"))),
    AGE,
    *_CONTAINERS,
    _SELECTOR,
)
