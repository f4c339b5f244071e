"""Start and stop an instance: `python -m openstack_services up|down`, which `make openstack-up` and `-down` call."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from kubecapy.local.state_folder import FolderInUse, FolderRefused
from openstack_services.instance import DEFAULT_FOLDER, Instance, InstanceFailed, find, is_ready, start, stop


def main(arguments: Sequence[str]) -> int:
    """Do one of the two; return 0 where the cloud is then up, or down."""
    options = _parse(arguments)
    try:
        return _up(options) if options.verb == "up" else _down(options.state_dir)
    except (InstanceFailed, FolderInUse, FolderRefused) as error:
        # A start has shown its steps, its last words among them, as they came.
        if options.verb == "down":
            print(f"openstack: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nopenstack: stopped; nothing runs", file=sys.stderr)
        return 130


def _up(options: argparse.Namespace) -> int:
    began = time.monotonic()
    running = find(options.state_dir)
    if running and not is_ready(running):
        print(f"openstack: an instance is starting in {options.state_dir}; wait for it", file=sys.stderr)
        return 1
    if running:
        print("it is up already")
    instance = running or start(options.state_dir, _supervisor_options(options))
    if options.trial:
        # Here, for it imports the SDK, which takes longer than all else that this program does.
        from openstack_services.trial import try_server

        try_server(instance.clouds_yaml, lambda what: print(f"{time.monotonic() - began:5.1f} s  {what}", flush=True))
    _show(instance)
    return 0


def _down(folder: Path) -> int:
    print("it is down" if stop(folder) else "nothing ran")
    return 0


def _show(instance: Instance) -> None:
    print(
        f"export OS_CLIENT_CONFIG_FILE={instance.clouds_yaml} OS_CLOUD=openstack   # or OS_CLOUD=admin\n"
        f"logs: {instance.folder / 'log'}"
    )


def _supervisor_options(options: argparse.Namespace) -> list[str]:
    ports = [word for port in options.port for word in ("--port", port)]
    return ["--reclaim-seconds", str(options.reclaim_seconds), *ports]


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m openstack_services", description="Real OpenStack, on loopback.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up, down = verbs.add_parser("up", help="start it, and leave it running"), verbs.add_parser("down", help="end it")
    for verb in (up, down):
        verb.add_argument("--state-dir", type=Path, default=DEFAULT_FOLDER, help="default: .cache/openstack/run")
    up.add_argument("--trial", action="store_true", help="make a server with a floating address, and delete it again")
    up.add_argument("--port", action="append", default=[], metavar="SERVICE=PORT", help="default: a free one for each")
    up.add_argument("--reclaim-seconds", type=int, default=0, help="keep deleted servers as SOFT_DELETED for so long")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
