"""Start an instance's database and services in order, keep them, and leave nothing when it ends.

    python -m openstack_services.supervisor --state-dir FOLDER

Standard output tells the steps; `ready` is the last line. It ends at SIGTERM, or when one of its processes ends, which
is a failure: then the logs stay. Should it be killed, the kernel ends its children, and the next start in its folder
removes the rest.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import SystemRandom
from types import FrameType

import msgspec
import yaml

from kubecapy.devcloud.settings import AddressPlan
from kubecapy.local.addresses import NoAddresses, lease_addresses
from kubecapy.local.private_files import make_private_folder, write_private
from kubecapy.local.state_folder import FolderInUse, FolderRefused, open_state_folder
from openstack_services import record
from openstack_services.configuration import DATABASES, REGION, Plan, write_configuration
from openstack_services.database import Database, DatabaseFailed, database_folder
from openstack_services.installation import ENVIRONMENT, ROOT, Installation, NotInstalled, find_installation
from openstack_services.lifeline import end_with_parent
from openstack_services.people import Passwords, draw_passwords, list_clouds, list_people
from openstack_services.processes import mark_of
from openstack_services.services import SERVICES, ServicesFailed, bound_sockets, describe_end, migrate, serving
from openstack_services.template import template_key, users_templates

READY = "ready"
CLOUDS = "clouds.yaml"
_FOLDERS = (
    "etc",
    "log",
    "images",
    "console",
    "work/locks",
    "work/compute/instances",
    "work/block_storage",
    "work/home",
)
_START_SECONDS = 300


class _Stopped(BaseException):
    """Somebody asked us to end."""


def main(arguments: Sequence[str]) -> int:
    """Run one instance; return 0 where it was ended on purpose, 1 where it failed."""
    options = _parse(arguments)
    if options.ends_with_parent:
        end_with_parent(signal.SIGTERM, os.getppid())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    signal.signal(signal.SIGALRM, _give_up)
    try:
        with open_state_folder(options.state_dir) as folder:
            record.clear(folder)
            _Supervisor(folder, options.reclaim_seconds).run(dict(options.port))
            record.clear(folder)
    except (ServicesFailed, DatabaseFailed, NotInstalled, FolderInUse, FolderRefused, NoAddresses, OSError) as error:
        print(f"openstack: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


class _Supervisor:
    """One instance in its folder."""

    def __init__(self, folder: Path, reclaim_seconds: int) -> None:
        self._folder = folder
        self._reclaim_seconds = reclaim_seconds
        self._record = record.Record(mark_of(os.getpid()))
        self._began = time.monotonic()

    def run(self, ports: Mapping[str, int]) -> None:
        """Run until somebody asks for the end.

        Raises:
            ServicesFailed: a process ended by itself.
        """
        signal.alarm(_START_SECONDS)
        with contextlib.suppress(_Stopped), contextlib.ExitStack() as stack:
            for name in _FOLDERS:
                make_private_folder(self._folder / name)
            installation = find_installation()
            place = stack.enter_context(database_folder(installation.database_user))
            self._note(database_folder=str(place))
            database = Database(installation, place, self._folder / "log" / "database.log")
            addresses = stack.enter_context(lease_addresses(SystemRandom()))
            sockets = stack.enter_context(bound_sockets(ports))
            plan = self._plan(place, {name: opened.getsockname()[1] for name, opened in sockets.items()})
            plan = self._make_tables(installation, database, plan)
            postgresql = stack.enter_context(database.running())
            services = stack.enter_context(serving(installation, self._folder, sockets))
            self._note(children=(mark_of(postgresql.pid), mark_of(services.pid)))
            self._plant(addresses)
            self._settle()
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            raise ServicesFailed(describe_end(self._folder))

    def _plan(self, place: Path, ports: Mapping[str, int]) -> Plan:
        return Plan(
            folder=self._folder,
            upstream=ENVIRONMENT / "etc",
            ports=ports,
            database_folder=place,
            password="",
            reclaim_seconds=self._reclaim_seconds,
        )

    def _make_tables(self, installation: Installation, database: Database, plan: Plan) -> Plan:
        """Make the databases, from the template where there is one; return the plan with the passwords in use."""
        keys, templates, key = self._folder / "keys", users_templates(), template_key(installation)
        if templates.copy(key, data=database.data, keys=keys):
            plan = self._configure(plan, msgspec.json.decode((keys / "passwords.json").read_bytes(), type=Passwords))
            self._tell("databases are copied")
            return plan
        passwords = draw_passwords(SystemRandom())
        make_private_folder(keys)
        write_private(keys / "passwords.json", msgspec.json.encode(passwords))
        write_private(keys / "people.json", msgspec.json.encode(list_people(passwords)))
        plan = self._configure(plan, passwords)
        database.create()
        with database.running():
            database.create_databases(DATABASES)
            self._tell("PostgreSQL runs")
            migrate(installation, self._folder)
        self._tell("tables are made")
        templates.save(key, data=database.data, keys=keys)
        return plan

    def _configure(self, plan: Plan, passwords: Passwords) -> Plan:
        whole = msgspec.structs.replace(plan, password=passwords.service)
        write_configuration(whole)
        clouds = list_clouds(passwords, whole.url("identity"), REGION)
        write_private(self._folder / CLOUDS, yaml.safe_dump(clouds, sort_keys=False).encode())
        return whole

    def _plant(self, addresses: AddressPlan) -> None:
        """Fill the cloud; its first request waits until Keystone is there."""
        ranges = ("--fixed", addresses.fixed_cidr, "--floating", addresses.floating_cidr)
        choices = ("--clouds", str(self._folder / CLOUDS), *ranges)
        with (self._folder / "log" / "seed.log").open("wb") as log:
            planting = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "openstack_services.seed", *choices],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            if ended is None or ended.si_pid != planting.pid:
                raise ServicesFailed(describe_end(self._folder))
            if planting.wait():
                raise ServicesFailed(
                    f"the cloud could not be filled: {(self._folder / 'log' / 'seed.log').read_text()}"
                )
        finally:
            planting.kill()
            planting.wait()

    def _settle(self) -> None:
        """Say that all is ready, and hold on to nothing of whoever started us."""
        signal.alarm(0)
        self._tell("the services run, and the cloud is filled")
        self._note(is_ready=True)
        print(READY, flush=True)
        log = os.open(self._folder / "log" / "supervisor.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        for stream in (1, 2):
            os.dup2(log, stream)

    def _note(self, **changes: object) -> None:
        self._record = msgspec.structs.replace(self._record, **changes)
        record.write_record(self._folder, self._record)

    def _tell(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:5.1f} s  {what}", flush=True)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m openstack_services.supervisor")
    parser.add_argument("--state-dir", required=True, type=Path)
    parser.add_argument("--ends-with-parent", action="store_true", help="end when the process that started us ends")
    parser.add_argument("--reclaim-seconds", type=int, default=0, help="keep deleted servers for so long")
    parser.add_argument("--port", action="append", default=[], type=_port, metavar="SERVICE=PORT")
    return parser.parse_args(arguments)


def _port(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in SERVICES or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: expected SERVICE=PORT, the service one of {', '.join(SERVICES)}")
    return name, int(number)


def _stop(_number: int, _frame: FrameType | None) -> None:
    # What follows is the way out, which a second signal must not cut short.
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(ignored, signal.SIG_IGN)
    raise _Stopped


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise ServicesFailed(f"not ready within {_START_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
