"""Serve Cinder: API, scheduler and one back end in one process, on the bus inside it."""

import sys
from collections.abc import Callable
from pathlib import Path

from cinder import monkey_patch

# Order: before anything else of Cinder, which decides at its import whether it runs on eventlet.
monkey_patch.patch(backend="threading")

import os_brick
from cinder import service
from cinder.common import constants
from cinder.db import migration
from cinder.wsgi import wsgi
from oslo_config import cfg

from openstack_services.inside import bus

_BACKEND = "simulated"


def migrate(folder: Path) -> None:
    """Make the tables."""
    cfg.CONF(_arguments(folder), project="cinder")
    migration.db_sync()


def load(folder: Path) -> Callable[..., object]:
    """Return the application, with scheduler and back end running."""
    bus.quicken()
    sys.argv = ["block_storage", *_arguments(folder)]
    application: Callable[..., object] = wsgi.initialize_application()
    os_brick.setup(cfg.CONF)
    service.Service.create(binary=constants.SCHEDULER_BINARY, coordination=True).start()
    service.Service.create(
        host=f"{cfg.CONF.host}@{_BACKEND}",
        service_name=_BACKEND,
        binary=constants.VOLUME_BINARY,
        coordination=True,
    ).start()
    return application


def _arguments(folder: Path) -> list[str]:
    return ["--config-file", str(folder / "etc" / "block_storage" / "cinder.conf")]
