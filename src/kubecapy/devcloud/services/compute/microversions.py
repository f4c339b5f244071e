"""Read which microversion a call asks for, and name those that change answers."""

import re
from typing import TypeAlias

from kubecapy.devcloud.messages import Headers, Request
from kubecapy.devcloud.refusals import Refusal, bad_request

Microversion: TypeAlias = tuple[int, int]

MINIMUM: Microversion = (2, 1)
MAXIMUM: Microversion = (2, 96)

# Source: https://docs.openstack.org/nova/latest/reference/api-microversion-history.html
KEY_PAIR_TYPES: Microversion = (2, 2)
ADMIN_ATTRIBUTES: Microversion = (2, 3)
LOCKED: Microversion = (2, 9)
KEY_PAIRS_OF_OTHERS: Microversion = (2, 10)
HOST_STATUS: Microversion = (2, 16)
DESCRIPTION: Microversion = (2, 19)
TAGS: Microversion = (2, 26)
NETWORKS_REQUIRED: Microversion = (2, 37)
NO_NETWORK_PROXIES: Microversion = (2, 44)
EMBEDDED_FLAVOR: Microversion = (2, 47)
TAGS_ON_CREATE: Microversion = (2, 52)
FLAVOR_DESCRIPTION: Microversion = (2, 55)
FLAVOR_EXTRA_SPECS: Microversion = (2, 61)
TRUSTED_CERTIFICATES: Microversion = (2, 63)
INTERFACE_TAGS: Microversion = (2, 70)
SERVER_GROUPS: Microversion = (2, 71)
LOCKED_REASON: Microversion = (2, 73)
SWAP_IS_NUMBER: Microversion = (2, 75)
HOSTNAME_FOR_ALL: Microversion = (2, 90)
PINNED_ZONE: Microversion = (2, 96)


def read_microversion(request: Request) -> Microversion:
    """Return the microversion that `request` asks for; 2.1 where it asks for none.

    Raises:
        Refusal: 400 it is no version; 406 this cloud does not have it.
    """
    wished = _find_wish(request)
    if wished is None:
        return MINIMUM
    if wished == "latest":
        return MAXIMUM
    found = re.fullmatch(r"([1-9]\d*)\.([1-9]\d*|0)", wished)
    if found is None:
        raise bad_request(f"API Version String {wished} is of invalid format. Must be of format MajorNum.MinorNum.")
    version = int(found[1]), int(found[2])
    if not MINIMUM <= version <= MAXIMUM:
        raise Refusal(
            406,
            "HTTPNotAcceptable",
            f"Version {wished} is not supported by the API. Minimum is {spell(MINIMUM)} and maximum is "
            f"{spell(MAXIMUM)}.",
        )
    return version


def headers_for(version: Microversion) -> Headers:
    """Return the headers that tell a client which microversion answered."""
    return (
        ("OpenStack-API-Version", f"compute {spell(version)}"),
        ("X-OpenStack-Nova-API-Version", spell(version)),
        ("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version"),
    )


def spell(version: Microversion) -> str:
    """Return `version` as text: `2.96`."""
    return f"{version[0]}.{version[1]}"


def _find_wish(request: Request) -> str | None:
    for part in request.headers.get("openstack-api-version", "").split(","):
        service, _, version = part.strip().partition(" ")
        if service == "compute" and version:
            return version.strip()
    return request.headers.get("x-openstack-nova-api-version")
