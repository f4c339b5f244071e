"""Know the addresses under which one cloud is reached: one for each region and interface.

All lead to the same services. They differ in the start of their path, so that the ledger shows which one a client has
chosen: the public interface of the first region has none, `/at/RegionTwo/internal` is another's.
"""

import re
from collections.abc import Sequence

INTERFACES = ("public", "internal", "admin")
_ENTRANCE = re.compile(r"/at/[^/]+/(?:public|internal|admin)(?=/|$)")


def entrance(regions: Sequence[str], region: str, interface: str) -> str:
    """Return the start of the paths of an interface in a region; empty for the public one of the first region."""
    if region == regions[0] and interface == INTERFACES[0]:
        return ""
    return f"/at/{region}/{interface}"


def split_entrance(path: str) -> tuple[str, str]:
    """Return the entrance that a path starts with, perhaps empty, and the rest."""
    found = _ENTRANCE.match(path)
    return (found[0], path[found.end() :]) if found else ("", path)


def outside(base_url: str) -> str:
    """Return the root of all entrances from the root of one."""
    return _ENTRANCE.sub("", base_url)
