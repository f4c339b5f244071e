"""Let time pass for the world: apply every transition that is due."""

from datetime import datetime

from kubecapy.devcloud.world.servers import apply_transition
from kubecapy.devcloud.world.world import World


def advance(world: World, now: datetime) -> None:
    """Apply, in their order, the transitions that are due at `now`.

    Called before each call is answered, so that an idle cloud does nothing at all and virtual time needs no timers.
    """
    while (transition := world.agenda.take_due(now)) is not None:
        apply_transition(world, transition)
