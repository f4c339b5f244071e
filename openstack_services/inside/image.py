"""Serve Glance: images, kept as files in the instance's folder."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from glance.cmd import manage


def migrate(folder: Path) -> None:
    """Make the tables."""
    sys.argv = ["glance-manage", "--config-file", str(folder / "etc" / "image" / "glance-api.conf"), "db_sync"]
    manage.main()


def load(folder: Path) -> Callable[..., object]:
    """Return the application."""
    os.environ["OS_GLANCE_CONFIG_DIR"] = str(folder / "etc" / "image")
    # Order: the module makes the application when it is imported, and reads its settings then.
    from glance.wsgi.api import application

    loaded: Callable[..., object] = application
    return loaded
