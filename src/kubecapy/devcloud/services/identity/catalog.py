"""Tell clients where the services are."""

from collections.abc import Mapping, Sequence

from kubecapy.devcloud.entrances import INTERFACES, entrance, outside
from kubecapy.devcloud.messages import JsonObject

# Paths as devstack serves them: those of compute and volumes carry their version, clients discover the others'.
SERVICES: Mapping[str, tuple[str, str, str]] = {
    "keystone": ("identity", "/identity", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d001"),
    "nova": ("compute", "/compute/v2.1", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d002"),
    "neutron": ("network", "/networking", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d003"),
    "glance": ("image", "/image", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d004"),
    "cinder": ("block-storage", "/volume/v3", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d005"),
}


def render_catalog(base_url: str, regions: Sequence[str]) -> list[JsonObject]:
    """Return the catalog of a scoped token: for each service one endpoint a region and interface."""
    root = outside(base_url)
    places = [(region, interface) for region in regions for interface in INTERFACES]
    return [
        {
            "id": identifier,
            "name": name,
            "type": kind,
            "endpoints": [
                {
                    "id": f"{identifier[:-4]}{number:02x}{index:02x}",
                    "interface": interface,
                    "region": region,
                    "region_id": region,
                    "url": root + entrance(regions, region, interface) + path,
                }
                for index, (region, interface) in enumerate(places)
            ],
        }
        for number, (name, (kind, path, identifier)) in enumerate(SERVICES.items())
    ]
