"""Take the one thing that a selector means, or say why there is not exactly one."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from kubecapy.contract.errors import Conflict, NotFound
from kubecapy.providers.openstack.cloud.transport import Query

SHOWN_MAX = 5


class Named(Protocol):
    """Anything with an id and a name."""

    @property
    def id(self) -> str:
        """Unique in its service."""
        ...

    @property
    def name(self) -> str | None:
        """For people; not unique."""
        ...


T = TypeVar("T", bound=Named)


def the_only(found: Sequence[T], kind: str, selector: str) -> T:
    """Return the single thing in `found`.

    Args:
        found: What matched.
        kind: Its kind for people, such as `network`.
        selector: What was asked for, for people.

    Raises:
        NotFound: nothing matched.
        Conflict: several did; the first few are named.
    """
    if not found:
        raise NotFound(f"{kind} {selector} does not exist in the project; `openstack {kind} list` shows those that do")
    if len(found) > 1:
        shown = ", ".join(f"{item.name or 'unnamed'} ({item.id})" for item in found[:SHOWN_MAX])
        more = " ..." if len(found) > SHOWN_MAX else ""
        raise Conflict(f"{kind} {selector} means {len(found)} of them, give the id of one: {shown}{more}")
    return found[0]


def describe_query(query: Query) -> str:
    """Return what a query selects, for people: `"id=..."`."""
    return f'"{" ".join(f"{name}={value}" for name, value in query)}"'
