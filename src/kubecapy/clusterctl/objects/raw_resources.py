"""Reach objects as the server holds them, with fields that no type here knows.

A copied object must not lose what a newer server or another tool put into it.
"""

from typing import Any, Final

import msgspec

from kubecapy.api.apiextensions import CUSTOM_RESOURCE_DEFINITIONS
from kubecapy.api.apps import DEPLOYMENTS, STATEFUL_SETS
from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINE_CLASSES, MACHINE_DEPLOYMENTS, MACHINE_SETS, MACHINES
from kubecapy.api.core import CONFIG_MAPS, NAMESPACES, PODS, SECRETS
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import Resource


def raw(resource: Resource[Any]) -> Resource[JsonObject]:
    """Return `resource` with objects of unknown shape."""
    return msgspec.structs.replace(resource, type=dict)


RAW_CLUSTERS: Final = raw(CLUSTERS)
RAW_MACHINES: Final = raw(MACHINES)
RAW_MACHINE_SETS: Final = raw(MACHINE_SETS)
RAW_MACHINE_DEPLOYMENTS: Final = raw(MACHINE_DEPLOYMENTS)
RAW_MACHINE_CLASSES: Final = raw(MACHINE_CLASSES)
RAW_SECRETS: Final = raw(SECRETS)
RAW_CONFIG_MAPS: Final = raw(CONFIG_MAPS)
RAW_NAMESPACES: Final = raw(NAMESPACES)
RAW_PODS: Final = raw(PODS)
RAW_CRDS: Final = raw(CUSTOM_RESOURCE_DEFINITIONS)
RAW_DEPLOYMENTS: Final = raw(DEPLOYMENTS)
RAW_STATEFUL_SETS: Final = raw(STATEFUL_SETS)
