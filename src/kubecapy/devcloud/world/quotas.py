"""Keep each project within its quotas, and refuse in Nova's and Neutron's own words."""

from collections.abc import Mapping

from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, forbidden

UNLIMITED = -1
COMPUTE_DEFAULTS = {"instances": 100, "cores": 400, "ram": 819_200, "key_pairs": 100, "metadata_items": 128}
NETWORK_DEFAULTS = {
    "network": 100,
    "subnet": 100,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 50,
    "security_group_rule": 500,
    "trunk": 50,
}
DEFAULTS: Mapping[str, Mapping[str, int]] = {"compute": COMPUTE_DEFAULTS, "network": NETWORK_DEFAULTS}


class Quotas:
    """Holds the limits of every project; -1 means no limit."""

    def __init__(self) -> None:
        """Give every project the defaults."""
        self._limits: dict[tuple[str, str, str], int] = {}

    def limit(self, service: str, project_id: str, resource: str) -> int:
        """Return the limit of `resource` ("instances", "port" ...) in `service` ("compute", "network")."""
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

    def require_compute(self, project_id: str, resource: str, *, requested: int, used: int) -> None:
        """Refuse with Nova's 403 where `requested` more would pass the limit."""
        limit = self.limit("compute", project_id, resource)
        if limit != UNLIMITED and used + requested > limit:
            raise forbidden(
                f"Quota exceeded for {resource}: Requested {requested}, but already used {used} of {limit} {resource}"
            )

    def require_network(self, project_id: str, resource: str, *, used: int) -> None:
        """Refuse with Neutron's 409 where one more would pass the limit."""
        limit = self.limit("network", project_id, resource)
        if limit != UNLIMITED and used + 1 > limit:
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
