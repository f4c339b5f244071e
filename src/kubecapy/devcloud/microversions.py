"""Read which microversion a call asks of a service, and name the one that answers."""

import re
from typing import TypeAlias

from kubecapy.devcloud.messages import Request
from kubecapy.devcloud.refusals import Refusal, bad_request

Microversion: TypeAlias = tuple[int, int]


def find_wish(request: Request, service: str) -> str | None:
    """Return what the header `OpenStack-API-Version` asks of `service` (`compute 2.96`), `None` where it does not."""
    for part in request.headers.get("openstack-api-version", "").split(","):
        name, _, version = part.strip().partition(" ")
        if name == service and version:
            return version.strip()
    return None


def choose_version(wished: str | None, minimum: Microversion, maximum: Microversion) -> Microversion:
    """Return the microversion that answers a wish; the minimum where there is none.

    Raises:
        Refusal: 400 it is no version; 406 the service does not have it.
    """
    if wished is None:
        return minimum
    if wished == "latest":
        return maximum
    found = re.fullmatch(r"([1-9]\d*)\.([1-9]\d*|0)", wished)
    if found is None:
        raise bad_request(f"API Version String {wished} is of invalid format. Must be of format MajorNum.MinorNum.")
    version = int(found[1]), int(found[2])
    if not minimum <= version <= maximum:
        raise Refusal(
            406,
            "HTTPNotAcceptable",
            f"Version {wished} is not supported by the API. Minimum is {spell(minimum)} and maximum is "
            f"{spell(maximum)}.",
        )
    return version


def spell(version: Microversion) -> str:
    """Return `version` as text: `2.96`."""
    return f"{version[0]}.{version[1]}"
