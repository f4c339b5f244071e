"""Read which microversion a call asks for, and name those that change answers."""

from kubecapy.devcloud.messages import Headers, Request
from kubecapy.devcloud.microversions import Microversion, choose_version, find_wish, spell

MINIMUM: Microversion = (2, 1)
MAXIMUM: Microversion = (2, 96)

# Source: https://docs.openstack.org/nova/latest/reference/api-microversion-history.html
KEY_PAIR_TYPES: Microversion = (2, 2)
ADMIN_ATTRIBUTES: Microversion = (2, 3)
LOCKED: Microversion = (2, 9)
KEY_PAIRS_OF_OTHERS: Microversion = (2, 10)
GROUP_OWNER: Microversion = (2, 13)
SOFT_POLICIES: Microversion = (2, 15)
HOST_STATUS: Microversion = (2, 16)
DESCRIPTION: Microversion = (2, 19)
TAGS: Microversion = (2, 26)
NETWORKS_REQUIRED: Microversion = (2, 37)
STATUS_CHECKED: Microversion = (2, 38)
DEVICE_TAGS: Microversion = (2, 42)
NO_NETWORK_PROXIES: Microversion = (2, 44)
EMBEDDED_FLAVOR: Microversion = (2, 47)
TAGS_ON_CREATE: Microversion = (2, 52)
FLAVOR_DESCRIPTION: Microversion = (2, 55)
FLAVOR_EXTRA_SPECS: Microversion = (2, 61)
TRUSTED_CERTIFICATES: Microversion = (2, 63)
GROUP_RULES: Microversion = (2, 64)
CHANGES_BEFORE: Microversion = (2, 66)
VOLUME_TYPE: Microversion = (2, 67)
INTERFACE_TAGS: Microversion = (2, 70)
SERVER_GROUPS: Microversion = (2, 71)
LOCKED_REASON: Microversion = (2, 73)
SWAP_IS_NUMBER: Microversion = (2, 75)
ATTACHMENT_ENDS: Microversion = (2, 79)
ATTACHMENT_IDS: Microversion = (2, 89)
HOSTNAME_FOR_ALL: Microversion = (2, 90)
PINNED_ZONE: Microversion = (2, 96)


def read_microversion(request: Request) -> Microversion:
    """Return the microversion that `request` asks for; 2.1 where it asks for none.

    Raises:
        Refusal: 400 it is no version; 406 this cloud does not have it.
    """
    named = find_wish(request, "compute")
    return choose_version(named or request.headers.get("x-openstack-nova-api-version"), MINIMUM, MAXIMUM)


def headers_for(version: Microversion) -> Headers:
    """Return the headers that tell a client which microversion answered."""
    return (
        ("OpenStack-API-Version", f"compute {spell(version)}"),
        ("X-OpenStack-Nova-API-Version", spell(version)),
        ("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version"),
    )
