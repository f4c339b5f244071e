"""Read which of Cinder's microversions a call asks for."""

from kubecapy.devcloud.messages import Headers, Request
from kubecapy.devcloud.microversions import Microversion, choose_version, find_wish, spell

MINIMUM: Microversion = (3, 0)
MAXIMUM: Microversion = (3, 71)

# Source: https://docs.openstack.org/cinder/latest/contributor/api_microversion_history.html
GROUP_ID: Microversion = (3, 13)
SHARED_TARGETS: Microversion = (3, 48)
TYPE_ID: Microversion = (3, 63)
USES_QUOTA: Microversion = (3, 65)


def read_microversion(request: Request) -> Microversion:
    """Return the microversion that `request` asks for; 3.0 where it asks for none.

    Raises:
        Refusal: 400 it is no version; 406 this cloud does not have it.
    """
    return choose_version(find_wish(request, "volume"), MINIMUM, MAXIMUM)


def headers_for(version: Microversion) -> Headers:
    """Return the headers that tell a client which microversion answered."""
    return (("OpenStack-API-Version", f"volume {spell(version)}"), ("Vary", "OpenStack-API-Version"))
