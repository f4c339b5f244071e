"""Describe Events: what happened to an object, for people.

Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/; the core/v1 form, which
kubectl describe reads.
"""

from kubecapy.api.core.references import ObjectReference
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource


class EventSource(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Who says it."""

    component: str = ""
    host: str = ""


class Event(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One change that is worth telling, counted while it repeats."""

    api_version: str = always_written("v1")
    kind: str = always_written("Event")
    metadata: ObjectMeta = ObjectMeta()
    involved_object: ObjectReference
    """What it happened to."""
    reason: str = ""
    """Upper camel case, such as `FailedCreate`."""
    message: str = ""
    """For people."""
    source: EventSource = EventSource()
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    count: int | None = None
    """How often it happened."""
    type: str = ""
    """Normal or Warning."""
    event_time: str | None = None
    reporting_component: str = ""
    reporting_instance: str = ""


EVENTS: Resource[Event] = Resource("", "v1", "Event", "events", Event)
