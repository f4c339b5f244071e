"""Keep routers, their gateways and interfaces."""

from collections.abc import Mapping
from datetime import datetime

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import Refusal, bad_request, not_found
from kubecapy.devcloud.services.network.attributes import (
    Attribute,
    address,
    boolean,
    cidr,
    identifier,
    list_of,
    mapping_of,
    policy_refused,
)
from kubecapy.devcloud.services.network.collection import Collection, render
from kubecapy.devcloud.world import usage
from kubecapy.devcloud.world.addresses import AddressWish
from kubecapy.devcloud.world.network import Port, Router, revise, stamp
from kubecapy.devcloud.world.routing import (
    add_port_interface,
    add_subnet_interface,
    find_interface,
    get_subnet,
    interfaces_of,
    remove_interface,
    remove_router,
    set_gateway,
)
from kubecapy.devcloud.world.world import World


def _gateway(value: object) -> object:
    if not value:
        return None
    fixed = list_of(mapping_of({}, {"subnet_id": identifier, "ip_address": address}))
    return mapping_of({"network_id": identifier}, {"enable_snat": boolean, "external_fixed_ips": fixed})(value)


ATTRIBUTES: Mapping[str, Attribute] = {
    "admin_state_up": Attribute(boolean),
    "external_gateway_info": Attribute(_gateway),
    "routes": Attribute(list_of(mapping_of({"destination": cidr, "nexthop": address}, {})), on_create=False),
}


class Routers:
    """The kind router."""

    singular = "router"
    path = "routers"
    type = Router
    derived = frozenset[str]()
    attributes = ATTRIBUTES

    def __init__(self, world: World) -> None:
        """Keep the routers of `world`."""
        self._world = world
        self.table = world.routers

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown router."""
        return not_found(f"Router {identifier} could not be found", "RouterNotFound")

    def can_see(self, resource: Router, caller: Credentials) -> bool:
        """Return whether the router is the caller's."""
        return caller.owns(resource.project_id)

    def view(self, resource: Router, caller: Credentials) -> JsonObject:
        """Return the router's JSON."""
        view = render(resource)
        view |= {"availability_zone_hints": [], "availability_zones": [self._world.zones[0]]}
        view["flavor_id"] = None
        if caller.is_admin:
            view |= {"distributed": False, "ha": False}
        return view

    def create(self, values: JsonObject, caller: Credentials, now: datetime) -> Router:
        """Store a new router, with a gateway where asked for.

        Raises:
            Refusal: 400 the gateway's network is not external; 403 the caller may not choose how the gateway works;
                404 no such network; 409 quota or addresses used up.
        """
        world = self._world
        usage.require_network_quota(world, values["project_id"], "router")
        gateway = values.pop("external_gateway_info", None)
        _require_policy("create_router", gateway, caller)
        addresses = _wished_addresses(gateway)
        router = stamp(Router(id=world.identifiers.uuid(), **values), now)
        # Order: the gateway first, since it may be refused; the router is stored by it, or here.
        if gateway is not None:
            snat = gateway.get("enable_snat", True)
            return set_gateway(world, router, gateway["network_id"], now, enable_snat=snat, addresses=addresses)
        self.table[router.id] = router
        return router

    def update(
        self,
        resource: Router,
        values: JsonObject,
        caller: Credentials,
        now: datetime,
    ) -> Router:
        """Change a router; an empty or null gateway takes it away.

        Raises:
            Refusal: as for `create`; 409 a floating IP needs the gateway.
        """
        changed = resource
        if "external_gateway_info" in values:
            gateway = values.pop("external_gateway_info") or {}
            _require_policy("update_router", gateway, caller)
            addresses = _wished_addresses(gateway)
            snat = gateway.get("enable_snat", True)
            network_id = gateway.get("network_id")
            changed = set_gateway(self._world, resource, network_id, now, enable_snat=snat, addresses=addresses)
        changed = revise(changed, now, **values)
        self.table[resource.id] = changed
        return changed

    def delete(self, resource: Router, _caller: Credentials, now: datetime) -> None:
        """Remove a router.

        Raises:
            Refusal: 409, it has interfaces, or a floating IP needs it.
        """
        remove_router(self._world, resource, now)


def _wished_addresses(gateway: JsonObject | None) -> list[AddressWish]:
    return [AddressWish(**wish) for wish in (gateway or {}).get("external_fixed_ips") or ()]


class RouterInterfaces:
    """The actions that join routers to subnets and part them."""

    def __init__(self, world: World, routers: Collection[Router]) -> None:
        """Act on the routers of `world` that `routers` finds."""
        self._world = world
        self._routers = routers

    def routes(self) -> list[Route]:
        """Return the two actions."""
        return [
            Route("PUT", "/v2.0/routers/{id}/add_router_interface", self._add),
            Route("PUT", "/v2.0/routers/{id}/remove_router_interface", self._remove),
        ]

    def _add(self, call: Call) -> Response:
        router = self._routers.find(call, to_change="add_router_interface")
        subnet_id, port_id = call.body.get("subnet_id"), call.body.get("port_id")
        if (subnet_id is None) == (port_id is None):
            raise bad_request(
                "Bad router request: Either subnet_id or port_id must be specified, not both.", "BadRequest"
            )
        if subnet_id is not None:
            port = add_subnet_interface(self._world, router, get_subnet(self._world, str(subnet_id)), call.now)
        else:
            port = add_port_interface(self._world, router, str(port_id), call.now)
        return _render_interface(router, port)

    def _remove(self, call: Call) -> Response:
        router = self._routers.find(call, to_change="remove_router_interface")
        port = self._find_interface(router, call.body)
        remove_interface(self._world, router, port, call.now)
        return _render_interface(router, port)

    def _find_interface(self, router: Router, body: JsonObject) -> Port:
        subnet_id, port_id = body.get("subnet_id"), body.get("port_id")
        if subnet_id is None and port_id is None:
            raise bad_request("Bad router request: Either subnet_id or port_id must be specified.", "BadRequest")
        if port_id is not None:
            for port in interfaces_of(self._world, router.id):
                if port.id == port_id:
                    return port
            raise not_found(
                f"Router {router.id} does not have an interface with id {port_id}", "RouterInterfaceNotFound"
            )
        found = find_interface(self._world, router, str(subnet_id))
        if found is None:
            raise not_found(
                f"Router {router.id} has no interface on subnet {subnet_id}", "RouterInterfaceNotFoundForSubnet"
            )
        return found


def _require_policy(action: str, gateway: JsonObject | None, caller: Credentials) -> None:
    """Keep from members what Neutron's default policy leaves to administrators (neutron/conf/policies/router.py)."""
    chosen = [name for name in ("enable_snat", "external_fixed_ips") if name in (gateway or {})]
    if chosen and not caller.is_admin:
        info = f"{action}:external_gateway_info"
        raise policy_refused(action, info, *(f"{info}:{name}" for name in chosen))


def _render_interface(router: Router, port: Port) -> Response:
    subnet_ids = [fixed.subnet_id for fixed in port.fixed_ips]
    return json_response(
        200,
        {
            "id": router.id,
            "tenant_id": router.project_id,
            "project_id": router.project_id,
            "port_id": port.id,
            "network_id": port.network_id,
            "subnet_id": subnet_ids[0],
            "subnet_ids": subnet_ids,
            "tags": [],
        },
    )
