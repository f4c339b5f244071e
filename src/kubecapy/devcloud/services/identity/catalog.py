"""Tell clients where the services are."""

from collections.abc import Mapping

from kubecapy.devcloud.messages import JsonObject

# Paths as devstack serves them: those of compute and volumes carry their version, clients discover the others'.
SERVICES: Mapping[str, tuple[str, str, str]] = {
    "keystone": ("identity", "/identity", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d001"),
    "nova": ("compute", "/compute/v2.1", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d002"),
    "neutron": ("network", "/networking", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d003"),
    "glance": ("image", "/image", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d004"),
    "cinder": ("block-storage", "/volume/v3", "4d9f1c0c5b5e4b0aa2b4bbf7e1a9d005"),
}
INTERFACES = ("public", "internal", "admin")


def render_catalog(base_url: str, region: str) -> list[JsonObject]:
    """Return the catalog of a scoped token; every interface leads to the same endpoint."""
    return [
        {
            "id": identifier,
            "name": name,
            "type": kind,
            "endpoints": [
                {
                    "id": f"{identifier[:-2]}{number}{index}",
                    "interface": interface,
                    "region": region,
                    "region_id": region,
                    "url": base_url + path,
                }
                for index, interface in enumerate(INTERFACES)
            ],
        }
        for number, (name, (kind, path, identifier)) in enumerate(SERVICES.items())
    ]
