"""Serve Neutron: its API and its database, with `switch` in place of what agents do."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import sqlalchemy
from neutron.db.migration import cli
from sqlalchemy.engine import Engine

_MYSQL_ONLY = ("ALTER TABLE tags CONVERT TO CHARACTER SET", "ALTER TABLE tags CHARACTER SET")
"""Limit: revision d553edeb540f of Neutron 27 to 29 says this to every database.

It makes tags differ by case, which MySQL does not by itself; PostgreSQL does.
"""


def migrate(folder: Path) -> None:
    """Make the tables."""
    etc = folder / "etc" / "network"
    files = ("--config-file", str(etc / "neutron.conf"), "--config-file", str(etc / "plugins" / "ml2" / "ml2_conf.ini"))
    sys.argv = ["neutron-db-manage", *files, "upgrade", "heads"]
    sqlalchemy.event.listen(Engine, "before_cursor_execute", _leave_out, retval=True)
    cli.main()


def load(folder: Path) -> Callable[..., object]:
    """Return the application."""
    os.environ["OS_NEUTRON_CONFIG_DIR"] = str(folder / "etc" / "network")
    # Order: the module makes the application when it is imported, and reads its settings then.
    from neutron import policy
    from neutron.wsgi.api import application

    # Race: the first request would load it, and Neutron refuses all that come meanwhile.
    policy.init()
    loaded: Callable[..., object] = application
    return loaded


def _leave_out(
    connection: object, cursor: object, statement: str, parameters: object, context: object, executemany: object
) -> tuple[str, object]:
    return ("SELECT 1" if statement.startswith(_MYSQL_ONLY) else statement), parameters
