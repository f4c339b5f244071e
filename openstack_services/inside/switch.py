"""Do at once in Neutron's database what its agents would do on hosts.

Ports are bound, trunks carried and floating addresses lead to their ports; the API and all rules are Neutron's own.
"""

from collections.abc import Mapping
from typing import Any

from neutron.db import l3_db
from neutron.objects import trunk as trunk_objects
from neutron.services.l3_router import l3_router_plugin
from neutron.services.trunk.drivers import base as trunk_drivers
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.exceptions import PortNotFound
from neutron_lib.plugins import directory
from neutron_lib.plugins.ml2 import api
from neutron_lib.services.trunk import constants as trunk_constants

# Any, in this module: Neutron's own objects, of which it has no types.
_NAME = "simulated"


class SimulatedSwitch(api.MechanismDriver):
    """Binds every ordinary port to the host it is wanted on."""

    resource_provider_uuid5_namespace = None

    @property
    def connectivity(self) -> str:
        """What a bound port is connected to."""
        return str(portbindings.CONNECTIVITY_L2)

    def initialize(self) -> None:
        """Make the trunk driver, which registers itself."""
        self.trunk_driver = SimulatedTrunks()

    def bind_port(self, context: Any) -> None:
        """Bind the port on its first segment, ACTIVE; leave those that need special hardware unbound."""
        if context.current[portbindings.VNIC_TYPE] != portbindings.VNIC_NORMAL or not context.segments_to_bind:
            return
        details = {portbindings.CAP_PORT_FILTER: True, portbindings.OVS_HYBRID_PLUG: False}
        segment = context.segments_to_bind[0][api.ID]
        context.set_binding(segment, portbindings.VIF_TYPE_OVS, details, status=constants.PORT_STATUS_ACTIVE)

    def try_to_bind_segment_for_agent(self, context: Any, segment: Any, agent: Any) -> bool:
        """Refuse: there are no agents."""
        return False


class SimulatedTrunks(trunk_drivers.DriverBase):
    """Makes trunks ACTIVE, and lets subports follow the trunk's port to its host."""

    def __init__(self) -> None:
        interfaces = (portbindings.VIF_TYPE_OVS, portbindings.VIF_TYPE_UNBOUND)
        segmentation = (trunk_constants.SEGMENTATION_TYPE_VLAN,)
        super().__init__(_NAME, interfaces, segmentation, agent_type=None, can_trunk_bound_port=True)

    @property
    def is_loaded(self) -> bool:
        """Whether the trunk service may use this driver."""
        return True

    # The decorator is not inherited: an override without it is never called, and the trunk service finds no driver.
    @registry.receives(resources.TRUNK_PLUGIN, [events.AFTER_INIT])
    def register(self, resource: str, event: str, trigger: Any, payload: Any = None) -> None:
        """Hear of trunks, subports and ports from now on."""
        super().register(resource, event, trigger, payload=payload)
        registry.subscribe(self._trunk_made, resources.TRUNK, events.AFTER_CREATE)
        registry.subscribe(self._subports_changed, resources.SUBPORTS, events.AFTER_CREATE)
        registry.subscribe(self._subports_changed, resources.SUBPORTS, events.AFTER_DELETE)
        registry.subscribe(self._port_changed, resources.PORT, events.AFTER_UPDATE)

    def _trunk_made(self, resource: str, event: str, trigger: Any, payload: Any) -> None:
        _activate(payload.context, payload.latest_state)

    def _subports_changed(self, resource: str, event: str, trigger: Any, payload: Any) -> None:
        _activate(payload.context, payload.states[0])

    def _port_changed(self, resource: str, event: str, trigger: Any, payload: Any) -> None:
        before, port = payload.states[0], payload.latest_state
        if not port.get("trunk_details") or _host(port) == _host(before):
            return
        trunk_id = port["trunk_details"]["trunk_id"]
        trunk = trunk_objects.Trunk.get_object(payload.context.elevated(), id=trunk_id)
        if trunk:
            _move_subports(payload.context.elevated(), trunk, _host(port))


class SimulatedRouters(l3_router_plugin.L3RouterPlugin):
    """Shows floating addresses as ACTIVE while they lead to a port, and as DOWN otherwise."""

    def create_floatingip(self, context: Any, floatingip: Mapping[str, Any]) -> Any:
        """Make the address; past the parent's own method, which knows no status but DOWN."""
        status = _status(floatingip["floatingip"].get("port_id"))
        return l3_db.L3_NAT_db_mixin.create_floatingip(self, context, floatingip, initial_status=status)

    def update_floatingip(self, context: Any, id: str, floatingip: Mapping[str, Any]) -> Any:  # noqa: A002 - Neutron's name
        """Change the address and let its status follow."""
        changed = super().update_floatingip(context, id, floatingip)
        status = _status(changed["port_id"])
        if changed["status"] != status:
            self.update_floatingip_status(context, id, status)
        return {**changed, "status": status}


def _activate(context: Any, trunk: Any) -> None:
    trunk.update(status=trunk_constants.TRUNK_ACTIVE_STATUS)
    elevated = context.elevated()
    _move_subports(elevated, trunk, _host(directory.get_plugin().get_port(elevated, trunk.port_id)))


def _move_subports(context: Any, trunk: Any, host: str) -> None:
    core = directory.get_plugin()
    place = {portbindings.HOST_ID: host, "device_owner": trunk_constants.TRUNK_SUBPORT_OWNER}
    for subport in trunk.sub_ports:
        try:
            core.update_port(context, subport.port_id, {"port": place})
        except PortNotFound:
            continue  # Race: it was deleted meanwhile.


def _host(port: Mapping[str, Any]) -> str:
    return str(port.get(portbindings.HOST_ID) or "")


def _status(port_id: str | None) -> str:
    return str(constants.FLOATINGIP_STATUS_ACTIVE if port_id else constants.FLOATINGIP_STATUS_DOWN)
