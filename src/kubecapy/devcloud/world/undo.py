"""Take back what half a bulk call has done."""

from collections.abc import Iterator
from contextlib import contextmanager

from kubecapy.devcloud.refusals import Refusal
from kubecapy.devcloud.world.world import World


@contextmanager
def all_or_nothing(world: World) -> Iterator[None]:
    """Put the tables of Neutron's resources back as they were where the block is refused."""
    saved = [(table, dict(table)) for table in world.network_tables()]
    try:
        yield
    except Refusal:
        for table, before in saved:
            table.clear()
            table.update(before)
        raise
