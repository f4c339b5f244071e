"""Keep each project within its quotas, and refuse in Nova's and Neutron's own words; `volumes` has Cinder's."""

import math
from collections.abc import Mapping

from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, forbidden

UNLIMITED = -1
# Source: the defaults of nova/conf/quota.py and neutron/conf/quota.py and cinder/quota.py; trunks have no limit there.
COMPUTE_DEFAULTS = {
    "instances": 10,
    "cores": 20,
    "ram": 51_200,
    "key_pairs": 100,
    "metadata_items": 128,
    "server_groups": 10,
    "server_group_members": 10,
}
NETWORK_DEFAULTS = {
    "network": 100,
    "subnet": 100,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 10,
    "security_group_rule": 100,
    "trunk": UNLIMITED,
}
VOLUME_DEFAULTS = {
    "volumes": 10,
    "snapshots": 10,
    "gigabytes": 1000,
    "per_volume_gigabytes": UNLIMITED,
    "backups": 10,
    "backup_gigabytes": 1000,
    "groups": 10,
}
DEFAULTS: Mapping[str, Mapping[str, int]] = {
    "compute": COMPUTE_DEFAULTS,
    "network": NETWORK_DEFAULTS,
    "block-storage": VOLUME_DEFAULTS,
}


class Quotas:
    """Holds the limits of every project; -1 means no limit."""

    def __init__(self) -> None:
        """Give every project the defaults."""
        self._limits: dict[tuple[str, str, str], int] = {}

    def limit(self, service: str, project_id: str, resource: str) -> int:
        """Return the limit of `resource` ("instances", "port" ...) in `service`, a key of `DEFAULTS`."""
        return self._limits.get((service, project_id, resource), DEFAULTS[service][resource])

    def limits(self, service: str, project_id: str) -> dict[str, int]:
        """Return every limit of a project in `service`."""
        return {resource: self.limit(service, project_id, resource) for resource in DEFAULTS[service]}

    def set_limits(self, service: str, project_id: str, limits: Mapping[str, object]) -> None:
        """Change some limits, or none at all.

        Raises:
            Refusal: 400, there is no such service or resource, or a limit is no whole number from -1 up.
        """
        checked = {(service, project_id, name): _read_limit(service, name, limit) for name, limit in limits.items()}
        self._limits.update(checked)

    def allows(self, service: str, project_id: str, resource: str, total: int) -> bool:
        """Return whether a project may have `total` of a resource."""
        return self.room(service, project_id, resource, total) >= 0

    def room(self, service: str, project_id: str, resource: str, used: int) -> float:
        """Return how much more of a resource a project may have; infinite where there is no limit."""
        limit = self.limit(service, project_id, resource)
        return math.inf if limit == UNLIMITED else limit - used

    def require_compute(self, project_id: str, requested: Mapping[str, int], used: Mapping[str, int]) -> None:
        """Refuse with Nova's 403 where `requested` more would pass a limit; it names all limits that would."""
        over = [
            name for name, more in requested.items() if not self.allows("compute", project_id, name, used[name] + more)
        ]
        if over:
            names = ", ".join(over)
            asked, present = (", ".join(str(counts[name]) for name in over) for counts in (requested, used))
            limits = ", ".join(str(self.limit("compute", project_id, name)) for name in over)
            raise forbidden(
                f"Quota exceeded for {names}: Requested {asked}, but already used {present} of {limits} {names}"
            )

    def require_network(self, project_id: str, resource: str, *, used: int) -> None:
        """Refuse with Neutron's 409 where one more would pass the limit."""
        if not self.allows("network", project_id, resource, used + 1):
            raise over_network_quota(resource)


def over_network_quota(resource: str) -> Refusal:
    """Return Neutron's refusal for one more `resource`."""
    return conflict(f"Quota exceeded for resources: ['{resource}'].", "OverQuota")


def _read_limit(service: str, resource: str, limit: object) -> int:
    if resource not in DEFAULTS.get(service, {}):
        known = ", ".join(f"{name}/{key}" for name, keys in DEFAULTS.items() for key in keys)
        raise bad_request(f"no quota {service}/{resource}; the quotas are {known}")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < UNLIMITED:
        raise bad_request(f"the limit of {resource} is {limit!r}, expected a whole number, or -1 for no limit")
    return limit
