"""Run all services: `python -m openstack_services.inside migrate FOLDER`, or `... serve FOLDER SERVICE=DESCRIPTOR ...`.

The descriptors are listening sockets that the caller bound: clients may connect before a service is there, and wait.
"""

import os
import signal
import sys
from pathlib import Path

from openstack_services.inside import family
from openstack_services.lifeline import end_with_parent


def main(arguments: list[str]) -> int:
    """Do one of the two, and return when it is over; 1 where a service failed."""
    end_with_parent(signal.SIGKILL, os.getppid())
    verb, folder, *bound = arguments
    if verb == "migrate":
        return family.migrate(Path(folder))
    sockets = {name: int(descriptor) for name, descriptor in (entry.split("=") for entry in bound)}
    return family.serve(Path(folder), sockets)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
