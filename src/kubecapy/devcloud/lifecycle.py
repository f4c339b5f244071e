"""Let time pass for the world: apply every transition that is due."""

from datetime import datetime

from kubecapy.devcloud.world.servers import apply_transition
from kubecapy.devcloud.world.volumes import apply_volume_transition
from kubecapy.devcloud.world.world import World


def advance(world: World, now: datetime) -> None:
    """Apply, in their order, the transitions that are due at `now`.

    Called before each call is answered, so that an idle cloud does nothing at all and virtual time needs no timers.
    """
    while (transition := world.agenda.take_due(now)) is not None:
        apply = apply_volume_transition if transition.event.is_of_storage else apply_transition
        apply(world, transition)
        world.history.note(transition.due)
