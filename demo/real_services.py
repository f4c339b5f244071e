"""Tell the story in real OpenStack services, with guests in servers that would be empty there."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from openstack_services.connections import ADMIN_CLOUD, MEMBER_CLOUD, connect
from openstack_services.installation import ROOT
from openstack_services.instance import Instance, InstanceFailed, run_openstack

from demo.background import running_until_ready
from demo.cloud import CloudFailed, RunningCloud, read_credentials
from demo.manifests import CloudFacts

_NETWORK, _EXTERNAL_NETWORK, _SECURITY_GROUP = "private", "public", "kubecapy"


@dataclass(frozen=True)
class RealServices:
    """Uses an instance of the services that runs already, or one of its own."""

    show: Callable[[str], None]
    """Is told each step of a start, which takes a while."""
    instance: Instance | None = None
    """None starts one, which ends with the story."""
    guest_speed: float = 1.0
    """Guests boot so many times as fast."""
    boot_seconds: ClassVar[float] = 0.0
    """The hosts' hypervisor starts nothing, and so at once."""
    title: ClassVar[str] = "Keystone, Glance, Placement, Nova, Neutron and Cinder, with simulated hosts and guests"

    @contextlib.contextmanager
    def running(self, folder: Path, environment: Mapping[str, str]) -> Iterator[RunningCloud]:
        """Run what does not run yet; guests and their pods end first."""
        with contextlib.ExitStack() as stack:
            instance = self.instance or stack.enter_context(self._own_instance(folder / "openstack"))
            facts = stack.enter_context(_given_addresses(instance.clouds_yaml))
            guests = folder / "guests"
            choices = ("--instance", str(instance.folder), "--guest-speed", str(self.guest_speed))
            command = (sys.executable, "-m", "openstack_services.guests", *choices, "--state-dir", str(guests))
            stack.enter_context(
                running_until_ready(command, environment, log=folder / "cloud.log", ready=guests / "lock", place=ROOT)
            )
            yield RunningCloud(instance.folder, facts)

    @contextlib.contextmanager
    def _own_instance(self, folder: Path) -> Iterator[Instance]:
        with contextlib.ExitStack() as stack:
            try:
                instance = stack.enter_context(run_openstack(folder, tell=lambda step: self.show(f"# {step}")))
            except InstanceFailed as error:
                # Its last words have been shown as they came.
                raise CloudFailed("the services did not start") from error
            yield instance


@contextlib.contextmanager
def _given_addresses(clouds_yaml: Path) -> Iterator[CloudFacts]:
    """Let the administrator give two floating addresses to the project for as long as the block lasts."""
    with connect(clouds_yaml, MEMBER_CLOUD) as member, connect(clouds_yaml, ADMIN_CLOUD) as admin:
        external = admin.network.find_network(_EXTERNAL_NETWORK, ignore_missing=False)
        credentials = read_credentials(clouds_yaml)
        wish = {"floating_network_id": external.id, "project_id": member.current_project_id}
        given = []
        try:
            given += [admin.network.create_ip(**wish) for _ in range(2)]
            yield CloudFacts(
                auth_url=credentials["auth_url"],
                username=credentials["username"],
                password=credentials["password"],
                certificate="",
                network_id=member.network.find_network(_NETWORK, ignore_missing=False).id,
                security_group_id=member.network.find_security_group(_SECURITY_GROUP, ignore_missing=False).id,
                master_address=given[0].floating_ip_address,
                worker_address=given[1].floating_ip_address,
            )
        finally:
            for address in given:
                admin.network.delete_ip(address)
