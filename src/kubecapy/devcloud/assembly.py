"""Put a seeded cloud together, ready to answer calls."""

from datetime import datetime
from random import Random

from kubecapy.devcloud import seed
from kubecapy.devcloud.cloud import Cloud
from kubecapy.devcloud.console import ConsoleReader
from kubecapy.devcloud.identifiers import Identifiers
from kubecapy.devcloud.ledger import Ledger
from kubecapy.devcloud.services.block_storage.service import BlockStorageService
from kubecapy.devcloud.services.compute.service import ComputeService
from kubecapy.devcloud.services.identity.service import IdentityService
from kubecapy.devcloud.services.image.service import ImageService
from kubecapy.devcloud.services.network.service import NetworkService
from kubecapy.devcloud.settings import DevCloudSettings
from kubecapy.devcloud.world.world import World


def assemble_cloud(
    settings: DevCloudSettings, random: Random, consoles: ConsoleReader, base_url: str, now: datetime
) -> tuple[Cloud, seed.Access]:
    """Return a cloud with the seed's resources, and the passwords of its users.

    Args:
        settings: Ranges, delays and limits.
        random: Source of ids, tokens and passwords; the same seed makes the same cloud.
        consoles: Reads the servers' serial output.
        base_url: Start of every link and of the catalog's endpoints, without a slash at the end.
        now: Time of creation of the first resources.
    """
    world = World(Identifiers(random), settings.timing, settings.capacity, settings.hosts, settings.regions)
    access = seed.plant(world, settings, now)
    services = (
        IdentityService(world, settings.token_seconds),
        ComputeService(world, consoles),
        NetworkService(world),
        ImageService(world),
        BlockStorageService(world),
    )
    return Cloud(world, services, Ledger(settings.ledger_entries), base_url), access
