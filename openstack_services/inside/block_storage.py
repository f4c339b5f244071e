"""Serve Cinder: API, scheduler and one back end in one process, on the bus inside it."""

import sys
from collections.abc import Callable
from pathlib import Path

from cinder import monkey_patch

# Order: before anything else of Cinder, which decides at its import whether it runs on eventlet.
monkey_patch.patch(backend="threading")

import os_brick
from cinder import policy, service
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
    """Return the application, with back end and scheduler running."""
    bus.quicken()
    sys.argv = ["block_storage", *_arguments(folder)]
    application: Callable[..., object] = wsgi.initialize_application()
    # Race: the first request would load it, and others that come meanwhile would find half of it.
    policy.init()
    os_brick.setup(cfg.CONF)
    # Order: the scheduler's start asks the back ends what they have, and waits a minute for the first answer
    # (cinder/scheduler/manager.py, SchedulerManager.init_host_with_rpc).
    service.Service.create(
        host=f"{cfg.CONF.host}@{_BACKEND}",
        service_name=_BACKEND,
        binary=constants.VOLUME_BINARY,
        coordination=True,
    ).start()
    service.Service.create(binary=constants.SCHEDULER_BINARY, coordination=True).start()
    return application


def _arguments(folder: Path) -> list[str]:
    return ["--config-file", str(folder / "etc" / "block_storage" / "cinder.conf")]
