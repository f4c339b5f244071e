"""Connect changes to a controller's queue."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.runtime.event_handlers import EventHandler, mapped_by, object_itself, owners_of
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.predicates import Predicate, every_change
from kubecapy.runtime.store import Change

T = TypeVar("T")

Enqueue = Callable[[ObjectKey], None]
"""Lets a controller look at a key."""


class Source(Protocol):
    """Says which keys to look at, and when."""

    def connect(self, enqueue: Enqueue) -> None:
        """Call `enqueue` for every key that needs a look, from now on."""
        ...


class InformerSource:
    """Looks at the keys that a handler names for each change that a predicate lets through."""

    def __init__(self, informer: Informer[Any], handler: EventHandler[Any], predicate: Predicate) -> None:
        """Follow `informer`."""
        self._informer = informer
        self._handler = handler
        self._predicate = predicate

    def connect(self, enqueue: Enqueue) -> None:
        """Call `enqueue` for the keys of every change, and of every object that is there."""

        def forward(change: Change[Any]) -> None:
            if self._predicate(change):
                for key in self._handler(change):
                    enqueue(key)

        self._informer.add_handler(forward)


def for_object(informer: Informer[Any], predicate: Predicate = every_change) -> Source:
    """Return the source that looks at the changed object itself."""
    return InformerSource(informer, object_itself, predicate)


def for_owner(
    informer: Informer[Any],
    resource: Resource[Any],
    predicate: Predicate = every_change,
    *,
    controller_only: bool = True,
) -> Source:
    """Return the source that looks at the owners, of kind `resource`, of the changed object."""
    return InformerSource(informer, owners_of(resource, controller_only=controller_only), predicate)


def for_mapped(
    informer: Informer[T], function: Callable[[T], Iterable[ObjectKey]], predicate: Predicate = every_change
) -> Source:
    """Return the source that looks at what `function` names for the changed object, before and after the change."""
    return InformerSource(informer, mapped_by(function), predicate)
