"""Serve Placement: what hosts have, and what servers take of it."""

import os
from collections.abc import Callable
from pathlib import Path

from oslo_config import cfg
from placement import conf, db_api
from placement.db.sqlalchemy import migration


def migrate(folder: Path) -> None:
    """Make the tables."""
    options = cfg.ConfigOpts()
    conf.register_opts(options)
    options([], default_config_files=[str(folder / "etc" / "placement" / "placement.conf")])
    db_api.configure(options)
    migration.upgrade("head")


def load(folder: Path) -> Callable[..., object]:
    """Return the application."""
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(folder / "etc" / "placement")
    # Order: the module makes the application when it is imported, and reads its settings then.
    from placement.wsgi.api import application

    loaded: Callable[..., object] = application
    return loaded
