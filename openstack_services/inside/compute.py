"""Serve Nova: API, conductor, scheduler and several compute hosts in one process, on the bus inside it."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path

from nova import monkey_patch

# Order: before anything else of Nova, which decides at its import whether it runs on eventlet.
monkey_patch.patch(backend="threading")

import nova.conf
import nova.virt
import os_brick
import os_vif
from nova import context, objects, service
from nova.api.openstack import wsgi_app
from nova.compute import rpcapi as compute_rpcapi
from nova.conductor import rpcapi as conductor_rpcapi
from nova.db import migration
from nova.objects import host_mapping
from nova.scheduler import rpcapi as scheduler_rpcapi

from openstack_services.inside import bus

HOSTS = ("compute-1", "compute-2", "compute-3")
_VIRT = Path(__file__).parent / "virt"
_CELL_DATABASE = "{{scheme}}://{{username}}@/{}?{{query}}"
"""Nova fills it in from its own connection, which is another one at every start.

https://docs.openstack.org/nova/latest/admin/cells.html#template-urls-in-cell-mappings
"""


def migrate(folder: Path) -> None:
    """Make the tables of the API and of two cells: one for what could not be scheduled, one for all the rest."""
    _configure(folder)
    migration.db_sync(database="api")
    migration.db_sync(database="main")
    # By objects, not by nova-manage, whose module cannot be imported in a process without eventlet.
    request = context.RequestContext()
    for cell, name, database, bus_url in (
        (objects.CellMapping.CELL0_UUID, "cell0", "nova_cell0", "none:///"),
        (str(uuid.uuid4()), "cell1", "{path}", "fake://"),
    ):
        objects.CellMapping(
            request, uuid=cell, name=name, transport_url=bus_url, database_connection=_CELL_DATABASE.format(database)
        ).create()
    unscheduled = objects.CellMapping.get_by_uuid(request, objects.CellMapping.CELL0_UUID)
    with context.target_cell(request, unscheduled) as cell0:
        migration.db_sync(database="main", context=cell0)


def load(folder: Path) -> Callable[..., object]:
    """Return the application, with conductor, scheduler and hosts running."""
    os.environ["KUBECAPY_CONSOLES"] = str(folder / "console")
    _configure(folder)
    os_brick.setup(nova.conf.CONF)
    os_vif.initialize()
    bus.quicken()
    # A virtualization driver is looked up in this package and nowhere else.
    nova.virt.__path__.append(str(_VIRT))
    objects.Service.enable_min_version_cache()
    _start(binary="nova-conductor", topic=conductor_rpcapi.RPC_TOPIC)
    _start(binary="nova-scheduler", topic=scheduler_rpcapi.RPC_TOPIC)
    for host in HOSTS:
        _start(
            host=host,
            binary="nova-compute",
            topic=compute_rpcapi.RPC_TOPIC,
            topic_alt=compute_rpcapi.RPC_TOPIC_ALT,
        )
    host_mapping.discover_hosts(context.get_admin_context())
    application: Callable[..., object] = wsgi_app.init_application("osapi_compute", "nova-api-os-compute")
    return application


def _configure(folder: Path) -> None:
    etc = folder / "etc" / "compute"
    os.environ["OS_NOVA_CONFIG_DIR"] = str(etc)
    files = [str(etc / "api-paste.ini"), str(etc / "nova.conf")]
    wsgi_app.init_global_data(files, "osapi_compute", "nova-api")


def _start(**names: str) -> None:
    started = service.Service.create(**names)
    started.start()
