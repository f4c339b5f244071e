"""Run each service in a process of its own, forked from one that has imported what they share.

A forked child shares the parent's pages until it writes: five services take some 200 MB less than five interpreters.
"""

import functools
import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import waitress

from openstack_services.lifeline import end_with_parent

SERVICES = ("identity", "placement", "image", "compute", "network", "block_storage")
_THREADS = 16
_BACKLOG = 256
_SHARED = (
    "alembic",
    "cryptography.fernet",
    "jsonschema",
    "keystoneauth1.identity.v3",
    "keystoneauth1.session",
    "keystonemiddleware.auth_token",
    "netaddr",
    "openstack",
    "oslo_cache.core",
    "oslo_concurrency.lockutils",
    "oslo_config.cfg",
    "oslo_context.context",
    "oslo_db.sqlalchemy.enginefacade",
    "oslo_log.log",
    "oslo_messaging",
    "oslo_middleware",
    "oslo_policy.policy",
    "oslo_serialization.jsonutils",
    "oslo_versionedobjects.base",
    "osprofiler.web",
    "paste.deploy",
    "pecan",
    "psycopg2",
    "requests",
    "routes",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.orm",
    "stevedore",
    "webob.dec",
    "yaml",
)


class _RefuseEventlet(MetaPathFinder):
    """Makes `import eventlet` fail in Nova, which must not run beside it, and in what is imported for all.

    The others run on native threads too, but modules that they share import it for its names.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] == "eventlet":
            raise ImportError("native threads only")
        return None


def migrate(folder: Path) -> int:
    """Make the tables of all services at once; return 1 where one failed, after naming it."""
    _import_what_is_shared()
    running = {_fork(name, folder, lambda module: module.migrate(folder)): name for name in SERVICES}
    failed = 0
    while running:
        pid, status = os.wait()
        name = running.pop(pid)
        if status:
            print(f"ended: {name}", flush=True)
            failed = 1
    return failed


def serve(folder: Path, sockets: Mapping[str, int]) -> int:
    """Serve until SIGTERM, or until the first service ends, which is named."""
    _import_what_is_shared()
    running = {
        _fork(name, folder, functools.partial(_serve, folder=folder, descriptor=descriptor)): name
        for name, descriptor in sockets.items()
    }
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        pid, _ = os.wait()
        print(f"ended: {running.pop(pid)}", flush=True)
    finally:
        # Nothing that they hold outlives the instance, so there is nothing to be finished.
        for pid in running:
            os.kill(pid, signal.SIGKILL)
        for pid in running:
            os.waitpid(pid, 0)
    return 1


def _serve(module: ModuleType, *, folder: Path, descriptor: int) -> None:
    # Not cheroot: it breaks connections that are used again after a chunked upload, which is how images come.
    waitress.serve(
        module.load(folder),
        sockets=[socket.socket(fileno=descriptor)],
        threads=_THREADS,
        backlog=_BACKLOG,
        channel_timeout=600,
        ident=None,
        clear_untrusted_proxy_headers=True,
        _quiet=True,
    )


def _fork(name: str, folder: Path, work: Callable[[ModuleType], None]) -> int:
    """Start `work` on the module of service `name` in a child, and return its process id."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    end_with_parent(signal.SIGKILL, parent)
    os.setsid()
    output = os.open(folder / "log" / f"{name}.out", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = [name]  # the services read it as their own command line
    if name != "compute":
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _RefuseEventlet)]
    code = 1
    try:
        work(importlib.import_module(f"openstack_services.inside.{name}"))
        code = 0
    finally:
        # Never back into the parent's own code, of which this process is a copy.
        if code:
            sys.excepthook(*sys.exc_info())
        os._exit(code)


def _import_what_is_shared() -> None:
    sys.meta_path.insert(0, _RefuseEventlet())
    backend = importlib.import_module("oslo_service.backend")
    backend.init_backend(backend.BackendType.THREADING)
    for name in _SHARED:
        importlib.import_module(name)
    # Without this the first collection in a child would write to, and so copy, every page of the parent.
    gc.collect()
    gc.freeze()
